package campaign

import (
	"sync"
	"sync/atomic"
)

// ForEach calls f for 0 to n-1 on so many goroutines and returns the error of
// the lowest number, so that it does not depend on who was first.
func ForEach(workers, n int, f func(i int) error) error {
	errs := make([]error, n)
	var next, failed atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			for failed.Load() == 0 {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if errs[i] = f(i); errs[i] != nil {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
