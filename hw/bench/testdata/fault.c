// Page faults from level 3, each repaired by the handler.
#include "bench.h"

enum { PAGES = 512, ROUNDS = 300 };

extern uint64_t pd[4 * 512], table[512], faults;

static void touch(void) {
	for (int i = 0; i < PAGES; i++)
		((volatile uint8_t *)0x40000000)[i << 12]++;
	leave_user();
}

int kernel(void) {
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < PAGES; i++)
			table[i] = 0x2000000 + ((uint64_t)i << 12) + 6;
		pd[512] = (uint64_t)table + 7; // the second GiB begins with it
		__asm__ volatile("mov %%cr3, %%rax; mov %%rax, %%cr3" ::: "rax", "memory");
		user(touch);
	}
	for (int i = 0; i < PAGES; i++)
		if (((volatile uint8_t *)0x2000000)[i << 12] != ROUNDS % 256)
			return 1;
	return faults != PAGES * ROUNDS;
}
