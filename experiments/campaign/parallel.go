package campaign

import (
	"context"
	"sync"
	"sync/atomic"
)

// While runs f to its end and returns its error, or returns ctx's error when ctx ends.
// A running machine cannot be stopped: f then goes on, but its result is not used. So
// nobody else may use what f makes until While returns nil.
func While(ctx context.Context, f func() error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ended := make(chan error, 1)
	go func() { ended <- f() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ForEach calls f for 0 to n-1 on so many goroutines. It returns the error of the
// lowest number, so that the result does not depend on timing. It ends with ctx, as
// While does.
func ForEach(ctx context.Context, workers, n int, f func(i int) error) error {
	errs := make([]error, n)
	var next, failed atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			for failed.Load() == 0 && ctx.Err() == nil {
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
	if err := While(ctx, func() error { wg.Wait(); return nil }); err != nil {
		return err
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}
