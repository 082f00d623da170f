// Walks along a linked list that jumps about in 4 MiB, twice what the TLB reaches:
// every other step walks the page tables, and misses in caches of the host.
#include "bench.h"

enum { N = 1 << 16, WALKS = 40 };

struct node {
	struct node *next;
	uint64_t value, pad[6];
};

int kernel(void) {
	struct node *n = HEAP;
	uint32_t *order = (uint32_t *)(n + N);
	for (uint32_t i = 0; i < N; i++)
		order[i] = i;
	for (uint32_t i = N - 1; i > 0; i--) {
		uint32_t k = next() % (i + 1), t = order[i];
		order[i] = order[k];
		order[k] = t;
	}
	for (uint32_t i = 0; i < N; i++) {
		n[order[i]].next = &n[order[(i + 1) % N]];
		n[order[i]].value = i;
	}
	uint64_t sum = 0;
	for (int walk = 0; walk < WALKS; walk++) {
		struct node *p = n;
		do {
			sum += p->value;
			p = p->next;
		} while (p != n);
	}
	return sum != (uint64_t)WALKS * N * (N - 1) / 2;
}
