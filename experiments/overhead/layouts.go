package overhead

import (
	"fmt"

	"resvirt/experiments"
	"resvirt/sim"
)

// place is which run it is.
type place struct {
	load    experiments.OverheadLoad
	variant string
	layout  int
}

// layoutRun is one golden run.
type layoutRun struct {
	at      place
	run     Run
	console []byte
}

// summarize makes a row of one variant's runs; all are those with all mechanisms.
func summarize(all, runs []layoutRun) (Run, error) {
	sum := mean(runs)
	if runs[0].at.variant == experiments.WithAll {
		return sum, nil
	}
	with := mean(all)
	sum.against(&with)
	for i := range runs {
		at, one := runs[i].at, runs[i].run
		if err := sameLines(all[i].console, runs[i].console); err != nil {
			return sum, fmt.Errorf("overhead, %v, variant %s, layout %d: %w", at.load, at.variant, at.layout, err)
		}
		one.against(&all[i].run)
		if sum.Least == nil || *one.Overhead < *sum.Least {
			sum.Least = one.Overhead
		}
		if sum.Most == nil || *one.Overhead > *sum.Most {
			sum.Most = one.Overhead
		}
	}
	return sum, nil
}

// mean is the mean of runs that differ in their layout, of which only the first
// tells the VMM's cycles from others.
func mean(runs []layoutRun) Run {
	m := Run{Compute: runs[0].at.load.Compute, Campaign: runs[0].at.load.Campaign, Variant: runs[0].at.variant, VMMCycles: runs[0].run.VMMCycles}
	for _, r := range runs {
		m.Cycles += r.run.Cycles
		m.Instructions += r.run.Instructions
		m.VMMInstructions += r.run.VMMInstructions
		m.Time += r.run.Time
		m.Busy += r.run.Busy
	}
	n := uint64(len(runs))
	m.Cycles, m.Instructions, m.VMMInstructions = m.Cycles/n, m.Instructions/n, m.VMMInstructions/n
	m.Time, m.Busy = m.Time/sim.Time(n), m.Busy/float64(n)
	return m
}
