package campaign

import (
	"context"
	"runtime"
	"sync"

	sigar "github.com/cloudfoundry/gosigar"

	"resvirt/experiments"
)

// WorkersFor is how many machines fit: one a core, and no more than free memory
// holds when every page of every machine is private.
func WorkersFor(memoryMB int) int {
	n := runtime.NumCPU()
	var mem sigar.Mem
	if err := mem.Get(); err == nil {
		perWorker := uint64(memoryMB+64) << 20
		n = min(n, int(mem.ActualFree*3/4/perWorker))
	}
	return max(n, 1)
}

// each runs the units on so many workers and sends their rows on as they come.
// It stops early, between units, when ctx ends.
func (l *Lab) each(ctx context.Context, workers int, units []unitOf, out chan<- []experiments.Row) {
	next := make(chan unitOf)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			w := &Worker{Lab: l}
			for u := range next {
				out <- w.Unit(u.index, u.settings)
			}
		})
	}
feed:
	for _, u := range units {
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

// unitOf is one fault under the settings that it still has to be run with.
type unitOf struct {
	index    int
	settings []experiments.Setting
}
