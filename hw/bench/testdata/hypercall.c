// Hypercalls as a paravirtual guest at level 3 makes them: SYSCALL, a stub that
// changes stacks and saves all registers, a table of functions, and back by
// SYSRET. Nothing of a real hypervisor is in the functions but their kind.
#include "bench.h"

enum { ROUNDS = 50000, CALLS = 4, BATCH = 4, FAILED = -38 };

struct regs {
	uint64_t r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
};

struct call {
	uint64_t op, a, b, result;
};

static uint64_t pending[4], table[512], deadline, done;
static struct call batch[BATCH];
uint64_t guest_sp, hyper_stack[512];

static uint64_t notify(uint64_t port, uint64_t unused) {
	if (port >= 256)
		return FAILED;
	pending[port / 64] ^= 1ull << port % 64;
	return port;
}

static uint64_t set_timer(uint64_t at, uint64_t unused) {
	deadline = at;
	return 0;
}

static uint64_t map(uint64_t slot, uint64_t entry) { // a page-table entry, looked at before it is written
	if (slot >= 512 || entry & 0xfff0000000000f00)
		return FAILED;
	uint64_t old = table[slot];
	table[slot] = entry;
	return old;
}

static uint64_t multicall(uint64_t list, uint64_t n);

static uint64_t (*const hypercalls[CALLS])(uint64_t, uint64_t) = {notify, set_timer, map, multicall};

static uint64_t multicall(uint64_t list, uint64_t n) {
	if (n > BATCH)
		return FAILED;
	for (struct call *c = (struct call *)list; n > 0; c++, n--)
		c->result = c->op < CALLS - 1 ? hypercalls[c->op](c->a, c->b) : FAILED;
	return 0;
}

// dispatch is called by the stub.
void dispatch(struct regs *r) {
	done++;
	r->ax = r->ax < CALLS ? hypercalls[r->ax](r->di, r->si) : FAILED;
}

void stub(void);
__asm__("stub: movq %rsp, guest_sp\n"
	"movq $hyper_stack+4096, %rsp\n"
	"pushq %rdi; pushq %rsi; pushq %rdx; pushq %rcx; pushq %rax\n"
	"pushq %r8; pushq %r9; pushq %r10; pushq %r11\n"
	"pushq %rbx; pushq %rbp; pushq %r12; pushq %r13; pushq %r14; pushq %r15\n"
	"movq %rsp, %rdi; pushq $0; call dispatch; popq %rdi\n"
	"popq %r15; popq %r14; popq %r13; popq %r12; popq %rbp; popq %rbx\n"
	"popq %r11; popq %r10; popq %r9; popq %r8\n"
	"popq %rax; popq %rcx; popq %rdx; popq %rsi; popq %rdi\n"
	"movq guest_sp, %rsp; sysretq");

static uint64_t hypercall(uint64_t op, uint64_t a, uint64_t b) {
	uint64_t v;
	__asm__ volatile("syscall" : "=a"(v) : "a"(op), "D"(a), "S"(b) : "rcx", "r11", "memory");
	return v;
}

static volatile uint64_t wrong;

static void guest(void) {
	for (uint64_t n = 0; n < ROUNDS; n++) {
		uint64_t entry = n << 12 | 7;
		wrong += hypercall(0, n % 256, 0) != n % 256;
		wrong += hypercall(1, n * 1000, 0) != 0;
		wrong += hypercall(2, n % 512, entry) != (n < 512 ? 0 : (n - 512) << 12 | 7);
		for (int k = 0; k < BATCH; k++)
			batch[k] = (struct call){k % 2 * 2, 64 + k, 0, 1};
		wrong += hypercall(3, (uint64_t)batch, BATCH) != 0 || batch[2].result != 66;
		for (int k = 1; k < BATCH; k += 2) // back to what they were
			wrong += hypercall(2, 64 + k, batch[k].result) != 0;
	}
	leave_user();
}

int kernel(void) {
	uint64_t at = (uint64_t)stub;
	__asm__ volatile("wrmsr" : : "c"(0xc0000082), "a"((uint32_t)at), "d"(at >> 32)); // LSTAR
	user(guest);
	return wrong != 0 || done != ROUNDS * 6 || deadline != (ROUNDS - 1) * 1000;
}
