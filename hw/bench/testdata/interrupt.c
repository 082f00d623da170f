// Interrupts: each is sent to the processor itself, and waited for.
#include "bench.h"

enum { N = 200000 };

extern volatile uint64_t interrupts;

int kernel(void) {
	volatile uint32_t *icr = (uint32_t *)0xfee00300;
	__asm__ volatile("sti");
	for (uint64_t i = 0; i < N; i++) {
		*icr = 0x40040; // vector 40h, self
		while (interrupts == i)
			;
	}
	return interrupts != N;
}
