// Quicksort, then a check of order and sum: recursion, unpredictable branches, swaps.
#include "bench.h"

enum { N = 200000 };

static void sort(uint64_t *a, long n) {
	while (n > 1) {
		uint64_t pivot = a[n / 2];
		long i = 0, k = n - 1;
		for (;; i++, k--) {
			while (a[i] < pivot)
				i++;
			while (a[k] > pivot)
				k--;
			if (i >= k)
				break;
			uint64_t t = a[i];
			a[i] = a[k];
			a[k] = t;
		}
		sort(a, i);
		a += i;
		n -= i;
	}
}

int kernel(void) {
	uint64_t *a = HEAP, sum = 0;
	for (int i = 0; i < N; i++)
		sum += a[i] = next();
	sort(a, N);
	for (int i = 0; i < N; i++) {
		if (i > 0 && a[i - 1] > a[i])
			return 1;
		sum -= a[i];
	}
	return sum != 0;
}
