package overhead

import (
	"fmt"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/sim"
)

// place identifies a run.
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

// kept is what a journal keeps of a run.
type kept struct {
	Run     Run
	Console []byte
}

// name is that of a run in a journal.
func (l *layoutRun) name(v *experiments.Experiment, sys experiments.System) string {
	return fmt.Sprintf("%v %s of %s", l.at.load, l.at.variant, campaign.Digest(campaign.Identity(v, sys)))
}

// keep notes in a journal what was measured.
func (l *layoutRun) keep(v *experiments.Experiment, sys experiments.System, j *campaign.Journal) error {
	return j.Keep(l.name(v, sys), l.at.layout, kept{l.run, l.console})
}

// measure runs a variant's system, unless the journal has the result.
func (l *layoutRun) measure(v *experiments.Experiment, sys experiments.System, j *campaign.Journal) (err error) {
	var k kept
	if j.Result(l.name(v, sys), l.at.layout, &k) {
		l.run, l.console = k.Run, k.Console
		return nil
	}
	if l.run, l.console, err = runOnce(sys, v.VMM.Domains, l.at.layout == 0); err != nil {
		return err
	}
	return l.keep(v, sys, j)
}

// summarize makes a row of one variant's runs; all are the runs with all
// mechanisms.
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

// mean is the mean of runs that differ in their layout; only in the first are
// the VMM's cycles counted apart.
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
