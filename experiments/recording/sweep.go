package recording

import (
	"context"
	"fmt"
	"sync"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/stats"
	"resvirt/faults"
)

// Sweep is what a change of a setting does over a campaign's faults: each under the
// setting as it is, from its stored row, and under the changed one, executed now.
type Sweep struct {
	Change     experiments.Change
	Done, All  int // faults
	Pairs      int // with an outcome under both
	Unknown    int // left out, since the tool or the model failed under one of both
	OnlyStored int // unsurvived under the setting as it is alone
	OnlyNow    int // unsurvived under the changed one alone
	// Indices of the faults that make up both numbers, ascending.
	Stored, Now []int
}

// Difference is the share of unsurvived faults under the changed setting minus that under
// the stored one, with its paired 95 % interval and McNemar's exact p.
func (s *Sweep) Difference() (d float64, i stats.Interval, p float64) {
	if s.Pairs == 0 {
		return 0, stats.Interval{Low: -1, High: 1}, 1
	}
	d = float64(s.OnlyNow-s.OnlyStored) / float64(s.Pairs)
	return d, stats.PairedDifference(s.OnlyNow, s.OnlyStored, s.Pairs), stats.McNemar(s.OnlyNow, s.OnlyStored)
}

// Sweep executes all faults of one type that have rows under a setting, under the changed
// setting, on so many processors of the host, most of them at most (0: all). progress, if
// given, gets the count of what is done, from one goroutine at a time.
func (c *Campaign) Sweep(ctx context.Context, setting, fault string, change experiments.Change, workers, most int, progress func(Sweep)) (*Sweep, error) {
	s, err := c.db.Setting(setting)
	if err != nil {
		return nil, err
	}
	changed, err := change.Of(s, c.lab.System.Steps())
	if err != nil {
		return nil, err
	}
	all, err := c.db.Fates()
	if err != nil {
		return nil, err
	}
	stored := all[[2]string{setting, fault}]
	list := ascending(stored)
	if most > 0 {
		list = list[:min(most, len(list))]
	}
	w := &sweeping{c: c, s: changed, stored: stored, list: list, free: make(chan *campaign.Worker, workers)}
	w.sum.Change, w.sum.All = change, len(list)
	for range workers {
		w.free <- &campaign.Worker{Lab: c.lab}
	}
	if progress != nil { // a worker ends its run after ctx has ended, and tells nobody
		w.progress = func(s Sweep) {
			if ctx.Err() == nil {
				progress(s)
			}
		}
	}
	err = campaign.ForEach(ctx, workers, len(list), w.one)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.result(), err
}

// sweeping is a Sweep under way.
type sweeping struct {
	c        *Campaign
	s        experiments.Setting
	stored   map[int]faults.Outcome
	list     []int
	free     chan *campaign.Worker
	progress func(Sweep)

	mu   sync.Mutex
	sum  Sweep
	now  map[int]bool // whether a fault is unsurvived under the changed setting alone
	then map[int]bool // under the stored one alone
}

// one executes the n-th fault. A panic on the way is a defect of the tool, and an error: the
// program may have a terminal to give back.
func (w *sweeping) one(n int) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("fault %d: %v", w.list[n], r)
		}
	}()
	index := w.list[n]
	worker := <-w.free
	row := worker.Unit(index, []experiments.Setting{w.s})[0]
	w.free <- worker
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count(index, w.stored[index], row.Outcome)
	if w.progress != nil {
		w.progress(w.sum)
	}
	return nil
}

func (w *sweeping) count(index int, then, now faults.Outcome) {
	if w.now == nil {
		w.now, w.then = map[int]bool{}, map[int]bool{}
	}
	s := &w.sum
	s.Done++
	switch {
	case !then.Applied() && !now.Applied():
		return
	case !then.Decided() || !now.Decided():
		s.Unknown++
		return
	}
	s.Pairs++
	switch {
	case then.Unsurvived() && !now.Unsurvived():
		s.OnlyStored++
		w.then[index] = true
	case now.Unsurvived() && !then.Unsurvived():
		s.OnlyNow++
		w.now[index] = true
	}
}

// result is the sum with its lists.
func (w *sweeping) result() *Sweep {
	s := w.sum
	s.Stored, s.Now = ascending(w.then), ascending(w.now)
	return &s
}
