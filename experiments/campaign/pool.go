package campaign

import (
	"context"
	"iter"
	"runtime"
	"sync"

	sigar "github.com/cloudfoundry/gosigar"

	"resvirt/experiments"
)

// WorkersFor is the number of machines to use: one for each core, but no more
// than fit in free memory when every page of every machine is private.
func WorkersFor(memoryMB int) int {
	n := runtime.NumCPU()
	var mem sigar.Mem
	if err := mem.Get(); err == nil {
		perWorker := uint64(memoryMB+64) << 20
		n = min(n, int(mem.ActualFree*3/4/perWorker))
	}
	return max(n, 1)
}

// mostWorkers bounds what can be asked for: more machines than that for each core only
// take memory, and time to end.
func mostWorkers() int { return 8 * runtime.NumCPU() }

// each runs the units on so many workers and sends their rows on as they come.
// When ctx ends, unfinished units are dropped.
func (l *Lab) each(ctx context.Context, workers int, units iter.Seq[unitOf], out chan<- []experiments.Row) {
	next := make(chan unitOf)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			w := &Worker{Lab: l}
			for u := range next {
				select {
				case out <- w.Unit(u.index, u.settings):
				case <-ctx.Done(): // the result is not wanted any more
					return
				}
			}
		})
	}
feed:
	for u := range units {
		select {
		case next <- u:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	wg.Wait()
	close(out)
}
