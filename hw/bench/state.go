package bench

import (
	"runtime"
	"slices"
	"sync"
	"time"

	"resvirt/hw/machine"
)

// StateCost is the cost, on the host, of saving and restoring a machine's
// state.
type StateCost struct {
	Dirty                   int // pages written before
	Snapshot, Restore, Fork time.Duration
}

// firstDirty is where pages are dirtied, in RAM that no kernel uses.
const firstDirty = 0x300_0000

// MeasureState dirties pages of a kernel that has run for a while and takes the
// median cost of n rounds.
func MeasureState(dirty, n int) (StateCost, error) {
	m, err := Boot("sort", machine.Fast{})
	if err != nil {
		return StateCost{}, err
	}
	m.Run(machine.Until{Position: 1_000_000})
	base := m.Snapshot()
	var snapshot, restore, fork []time.Duration
	write := func(round int) {
		m.Run(machine.Until{Position: m.Position() + 10_000})
		for p := range uint64(dirty) {
			m.Memory().Write64(firstDirty+p<<12, uint64(round)<<1|1)
		}
	}
	timed := func(list *[]time.Duration, f func()) {
		begin := time.Now()
		f()
		*list = append(*list, time.Since(begin))
	}
	for round := range n {
		write(round)
		timed(&restore, func() { m.Restore(base) })
		write(round)
		var s *machine.Snapshot
		timed(&snapshot, func() { s = m.Snapshot() })
		timed(&fork, func() { machine.NewFrom(s) })
		m.Restore(base)
	}
	return StateCost{dirty, median(snapshot), median(restore), median(fork)}, nil
}

// ForkBytes is the memory of the host that a fork of a machine with so much RAM
// takes before it executes anything.
func ForkBytes(ram uint64) (uint64, error) {
	spec := machine.DefaultSpec()
	spec.MemBytes = ram
	m, err := machine.New(spec)
	if err != nil {
		return 0, err
	}
	for _, r := range m.Memory().Ranges() {
		for pa := r.Base; pa < r.Base+r.Size; pa += 1 << 20 {
			m.Memory().Write8(pa, 1)
		}
	}
	s := m.Snapshot()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f := machine.NewFrom(s)
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(f)
	return after.TotalAlloc - before.TotalAlloc, nil
}

// Scaling is how many times the work of one fork two forks do in the same time
// of a processor, each on its own: the median of n rounds.
func Scaling(n int) (float64, error) {
	m, err := Boot("interp", machine.Fast{})
	if err != nil {
		return 0, err
	}
	m.Run(machine.Until{Position: 100_000})
	s := m.Snapshot()
	run := func(forks int) time.Duration {
		var wg sync.WaitGroup
		took := make([]time.Duration, forks)
		for k := range forks {
			wg.Go(func() {
				f := machine.NewFrom(s)
				took[k] = Time(func() { f.Run(machine.Until{}) })
			})
		}
		wg.Wait()
		return slices.Max(took)
	}
	run(2)
	var ratios []float64
	for range n {
		one, two := run(1), run(2)
		ratios = append(ratios, 2*one.Seconds()/two.Seconds())
	}
	return median(ratios), nil
}
