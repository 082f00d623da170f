package overhead

import (
	"strings"
	"testing"

	"resvirt/experiments"
)

// The cost of the mechanisms that a variant lacks is the cycles that it saves.
func TestOverheadIsTheDifference(t *testing.T) {
	all := Run{Cycles: 1100, VMMCycles: 300}
	r := Run{Cycles: 1000, VMMCycles: 200}
	r.against(&all)
	if *r.Overhead != 10 || *r.VMMOverhead != 50 {
		t.Errorf("overhead %v, of the VMM %v", *r.Overhead, *r.VMMOverhead)
	}
}

// A row has the mean of the layouts, the cost of the mechanisms in it, and the
// cost in the layouts where it is least and most.
func TestLayoutsAreSummarized(t *testing.T) {
	run := func(variant string, cycles ...uint64) (list []layoutRun) {
		for i, n := range cycles {
			list = append(list, layoutRun{at: place{variant: variant, layout: i}, run: Run{Cycles: n}})
		}
		return list
	}
	r, err := summarize(run(experiments.WithAll, 1010, 1000, 1050), run(experiments.WithNone, 1000, 1000, 1000))
	if err != nil || r.Cycles != 1000 || *r.Overhead != 2 || *r.Least != 0 || *r.Most != 5 {
		t.Errorf("%+v, %v", r, err)
	}
	all, other := run(experiments.WithAll, 1010), run(experiments.WithNone, 1000)
	all[0].console, other[0].console = []byte("(d1) sum 1\n(d1) probe ok\n"), []byte("(d1) sum 2\n(d1) probe ok\n")
	if _, err := summarize(all, other); err == nil {
		t.Error("other output is not noticed")
	}
}

// counting is a machine of one CPU whose cycles the test sets.
type counting uint64

func (c *counting) Unhalted(int) uint64 { return uint64(*c) }
func (c *counting) CPUs() int           { return 1 }

// Cycles belong to the level of the instruction that took them.
func TestMeterBooksByLevel(t *testing.T) {
	var c counting
	m := newMeter(&c, func(int) uint8 { return 3 })
	for _, step := range []struct {
		at    counting
		level uint8
	}{{10, 0}, {15, 0}, {17, 3}, {117, 3}} {
		c = step.at
		m.look(0, step.level)
	}
	if m.at != [4]uint64{7, 0, 0, 110} {
		t.Errorf("booked %v", m.at)
	}
}

// The report begins with the cost where rates are measured, and where the VMM's share
// of the cycles is about the published one.
func TestCostWhereRatesAreMeasured(t *testing.T) {
	n := func(v float64) *float64 { return &v }
	r := Report{Experiment: "e", Runs: []Run{
		{Campaign: true, Variant: "all", Cycles: 1000, VMMCycles: 800},
		{Campaign: true, Variant: "none", Cycles: 1000, VMMCycles: 767, Overhead: n(10.64)},
		{Compute: 0, Variant: "none", Cycles: 1000, VMMCycles: 752, Overhead: n(6.67)},
		{Compute: 1800, Variant: "none", Cycles: 1000, VMMCycles: 68, Overhead: n(0.69)},
		{Compute: 1800, Variant: "journal", Cycles: 1000, VMMCycles: 75, Overhead: n(0.26)},
	}}
	var b strings.Builder
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	want := "all mechanisms cost +10.64 % of all cycles where the VMM has 76.7 % of them without,\n" +
		"  with the clock of campaigns, which measure rates (each report says the VMM's share there)\n" +
		"all mechanisms cost +0.69 % of all cycles where the VMM has 6.8 % of them without,\n" +
		"  about as in the published measurement, under 7.5 %\n"
	if !strings.Contains(b.String(), want) {
		t.Errorf("no\n%s\nin\n%s", want, b.String())
	}
	r.Runs = r.Runs[:3]
	b.Reset()
	if err := r.Text(&b); err != nil || strings.Contains(b.String(), "about as in the published") {
		t.Errorf("a share of 75 %% is like the published one:\n%s", b.String())
	}
}
