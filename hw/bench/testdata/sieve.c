// The sieve of Eratosthenes: stores at a stride, branches that depend on loads.
#include "bench.h"

enum { N = 1 << 20 };

int kernel(void) {
	uint8_t *composite = HEAP;
	uint32_t primes = 0;
	for (int round = 0; round < 4; round++) {
		primes = 0;
		for (uint32_t i = 0; i < N; i++)
			composite[i] = 0;
		for (uint32_t i = 2; i < N; i++) {
			if (composite[i])
				continue;
			primes++;
			for (uint32_t k = 2 * i; k < N; k += i)
				composite[k] = 1;
		}
	}
	return primes != 82025;
}
