// System calls from level 3: SYSCALL, a change of stacks, SYSRET.
#include "bench.h"

enum { N = 300000 };

static volatile uint64_t sum;

static void calls(void) {
	uint64_t v = 0;
	for (int i = 0; i < N; i++) {
		uint64_t arg = v;
		__asm__ volatile("syscall" : "=a"(v) : "D"(arg) : "rcx", "r11", "memory");
	}
	sum = v;
	leave_user();
}

int kernel(void) {
	user(calls);
	return sum != N;
}
