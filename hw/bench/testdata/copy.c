// Copies of memory: by a loop of words, byte by byte, with SSE and with REP MOVSQ.
#include "bench.h"

enum { SIZE = 1 << 16 };

static void words(uint64_t *to, const uint64_t *from) {
	for (int i = 0; i < SIZE / 8; i++) {
		to[i] = from[i];
		__asm__ volatile("" ::: "memory");
	}
}

static void bytes(uint8_t *to, const uint8_t *from) {
	for (int i = 0; i < SIZE; i++) {
		to[i] = from[i];
		__asm__ volatile("" ::: "memory");
	}
}

static void sse(char *to, const char *from) {
	for (int i = 0; i < SIZE; i += 16)
		__asm__ volatile("movups (%1,%2), %%xmm0; movups %%xmm0, (%0,%2)" ::"r"(to), "r"(from), "r"((long)i) : "memory", "xmm0");
}

static void string(void *to, const void *from) {
	long n = SIZE / 8;
	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(n)::"memory");
}

int kernel(void) {
	uint64_t *a = HEAP, *b = a + SIZE / 8, *c = b + SIZE / 8, *d = c + SIZE / 8, *e = d + SIZE / 8, sum = 0;
	for (int i = 0; i < SIZE / 8; i++)
		a[i] = next();
	for (int round = 0; round < 64; round++) {
		words(b, a);
		bytes((uint8_t *)c, (uint8_t *)b);
		sse((char *)d, (char *)c);
		string(e, d);
		a[round] += e[round + 1];
	}
	for (int i = 0; i < SIZE / 8; i++)
		sum = sum * 31 + e[i];
	return sum != 0xdb00ea35cf849811u;
}
