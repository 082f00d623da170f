// What a benchmark kernel has: fixed-size types, memory from 16 MiB on, and a
// generator of numbers that look random.
#include <stdint.h>

#define HEAP ((void *)0x1000000)

static uint64_t seed = 88172645463325252u;

static inline uint64_t next(void) {
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

// user runs f at privilege level 3; f ends with leave_user().
void user(void (*f)(void));

static inline void leave_user(void) { __asm__ volatile("int $0x41"); }

int kernel(void);
