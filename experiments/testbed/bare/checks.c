// A program on the bare machine that checks itself: it sorts, sums up and counts primes in
// rounds, prints what came out on COM1, and an "error" where two ways to the same number
// disagree or the processor raises an exception. Its exit code is 0 unless one did.
#include <stdint.h>

#define HEAP ((void *)0x1000000)

enum { ROUNDS = 12, N = 2000, COM1 = 0x3f8, LSR = COM1 + 5, EMPTY = 0x20 };

static int wrong;

static uint64_t seed = 88172645463325252u;

// next is a number that looks random.
static uint64_t next(void) {
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void out(uint16_t port, uint8_t v) { __asm__ volatile("outb %0, %1" : : "a"(v), "d"(port)); }

static uint8_t in(uint16_t port) {
	uint8_t v;
	__asm__ volatile("inb %1, %0" : "=a"(v) : "d"(port));
	return v;
}

static void put(const char *s) {
	for (; *s; s++) {
		while (!(in(LSR) & EMPTY))
			;
		out(COM1, *s);
	}
}

static void number(uint64_t v) {
	char text[21], *p = text + 20;
	*p = 0;
	do
		*--p = '0' + v % 10;
	while (v /= 10);
	put(p);
}

static void line(const char *what, uint64_t v) {
	put(what);
	put(" ");
	number(v);
	put("\n");
}

static void must(const char *what, int right) {
	if (!right) {
		put("error: ");
		put(what);
		put("\n");
		wrong = 1;
	}
}

static void sort(uint64_t *a, long n) {
	for (long gap = n / 2; gap > 0; gap /= 2)
		for (long i = gap; i < n; i++) {
			uint64_t v = a[i];
			long k = i;
			for (; k >= gap && a[k - gap] > v; k -= gap)
				a[k] = a[k - gap];
			a[k] = v;
		}
}

static uint64_t sum(const uint64_t *a, long n) {
	uint64_t s = 0;
	for (long i = 0; i < n; i++)
		s += a[i];
	return s;
}

// primes are counted by a sieve, and by division.
static int sieve(uint8_t *composite, int below) {
	int count = 0;
	for (int i = 0; i < below; i++)
		composite[i] = 0;
	for (int i = 2; i < below; i++) {
		if (composite[i])
			continue;
		count++;
		for (int k = 2 * i; k < below; k += i)
			composite[k] = 1;
	}
	return count;
}

static int divide(int below) {
	int count = 0;
	for (int i = 2; i < below; i++) {
		int k = 2;
		while (k * k <= i && i % k)
			k++;
		count += k * k > i;
	}
	return count;
}

// exception is entered by boot.S.
void exception(uint64_t vector, uint64_t at) {
	line("error: exception", vector);
	line("at", at);
}

int kernel(void) {
	uint64_t *a = HEAP;
	put("begin\n");
	for (int round = 1; round <= ROUNDS; round++) {
		for (long i = 0; i < N; i++)
			a[i] = next();
		uint64_t before = sum(a, N);
		sort(a, N);
		for (long i = 1; i < N; i++)
			if (a[i - 1] > a[i]) {
				must("order", 0);
				break;
			}
		must("sum", sum(a, N) == before);
		line("sorted", a[N / 2]);
		int below = 300 * round, primes = sieve((uint8_t *)(a + N), below);
		must("primes", primes == divide(below));
		line("primes", primes);
	}
	put("end\n");
	return wrong;
}
