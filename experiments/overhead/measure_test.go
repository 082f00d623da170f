package overhead

import (
	"testing"

	"resvirt/experiments"
)

// What a variant lacks costs the cycles that it saves.
func TestOverheadIsTheDifference(t *testing.T) {
	all := Run{Cycles: 1100, VMMCycles: 300}
	r := Run{Cycles: 1000, VMMCycles: 200}
	r.against(&all)
	if *r.Overhead != 10 || *r.VMMOverhead != 50 {
		t.Errorf("overhead %v, of the VMM %v", *r.Overhead, *r.VMMOverhead)
	}
}

// A row has the mean of the layouts, what the mechanisms cost in it, and where
// that is least and most.
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

// counting is a machine of one CPU whose cycles the test says.
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
