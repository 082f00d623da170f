package explain

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"resvirt/experiments/recording"
	"resvirt/faults"
	"resvirt/vi/inspect"
)

// Between two announcements of recovery not every change is the work of the announced
// step: its function returns and others go on, a new instance boots, and other CPUs have
// not stopped yet. To find out which code made a change, that part is executed again in
// stretches, in each of which one CPU works on one thing. All changes in a stretch belong
// to this work, which the CPU's call chain names.

// Changes are invariants that hold again, and those that do not any more.
type Changes struct {
	Repaired []inspect.Violation `json:"repaired,omitempty"`
	Broken   []inspect.Violation `json:"broken,omitempty"`
}

// Beside holds the changes until the next announcement that the step did not make
// itself.
type Beside struct {
	Who string `json:"who"`
	Changes
	way string // the step to which a boot belongs, else ""
}

// Names in place of a step's.
const (
	untilFirst = "(until the first step)"
	newBoot    = "the boot of the new instance"
	between    = "recovery outside of its steps"

	recoverFile = "recover.go"
)

// ways are the steps that are ways of recovery. They are announced when the way is
// chosen; their work comes later, in files of their own.
var ways = []string{"microreset", "microreboot", "full_reboot"}

// announcement is the latest step that a CPU has announced.
type announcement struct {
	step     int    // index in Explanation.Steps
	function string // that announced the step, and does its work
}

// creditor assigns the changes in a run to those that made them.
type creditor struct {
	x    *explainer
	e    *Explanation
	last map[int]announcement // by CPU

	repairs, breaks map[inspect.Where]owner // the last owner that repaired or broke something
}

// credit assigns the changes between the machine's position, where the violations
// are before, and the next announcement at to, where they are now. The machine is
// at to afterwards.
func (c *creditor) credit(to uint64, before, now []inspect.Violation) {
	x := c.x
	c.repairs, c.breaks = map[inspect.Where]owner{}, map[inspect.Where]owner{}
	repaired, broken := minus(before, now), minus(now, before)
	start := x.Mark()
	list := x.stretches(to)
	x.Return(start)
	for i, s := range list {
		x.To(s.from)
		after := now
		if i+1 < len(list) {
			after = x.at(s.to)
		}
		if len(minus(before, after))+len(minus(after, before)) > 0 {
			c.divide(s, before, after)
		}
		before = after
	}
	x.To(to)
	// Violations that came and went in between are not counted.
	for _, v := range repaired {
		by := c.changes(c.repairs[v.Where()])
		by.Repaired = append(by.Repaired, v)
	}
	for _, v := range broken {
		by := c.changes(c.breaks[v.Where()])
		by.Broken = append(by.Broken, v)
	}
}

// at lists the violations at a later position; the machine's position does not
// change.
func (x *explainer) at(position uint64) []inspect.Violation {
	here := x.Mark()
	defer x.Return(here)
	x.To(position)
	return x.a.Check(x.Machine)
}

// divide assigns the changes in a stretch to the things on which its CPU
// worked.
func (c *creditor) divide(s stretch, before, after []inspect.Violation) {
	x := c.x
	for s.from < s.to {
		o := c.owner(s.cpu)
		x.To(c.until(s, o))
		now := after
		if x.Machine.Position() < s.to {
			now = x.a.Check(x.Machine)
		}
		for _, v := range minus(before, now) {
			c.repairs[v.Where()] = o
		}
		for _, v := range minus(now, before) {
			c.breaks[v.Where()] = o
		}
		before, s.from = now, x.Machine.Position()
	}
}

// looks is the number of samples in a stretch at which the CPU's work is determined.
// Work that is shorter than the distance of two samples may be credited to its
// neighbour.
const looks = 64

// until is the position in a stretch up to which its CPU works on the same
// thing. The machine is at the stretch's beginning, before and after.
func (c *creditor) until(s stretch, o owner) uint64 {
	x := c.x
	start := x.Mark()
	defer x.Return(start)
	low, mark := s.from, start
	for k := uint64(1); k <= looks; k++ {
		high := s.from + (s.to-s.from)*k/looks
		if x.To(high); c.owner(s.cpu) != o {
			return c.boundary(s.cpu, o, low, high, mark)
		}
		low, mark = high, x.Mark()
	}
	return s.to
}

// boundary is the position, between low and high, at which a CPU begins to work on
// something else. mark is the state at low.
func (c *creditor) boundary(cpu int, o owner, low, high uint64, mark recording.Mark) uint64 {
	x := c.x
	for x.Return(mark); low+1 < high; x.Return(mark) {
		middle := low + (high-low)/2
		if x.To(middle); c.owner(cpu) == o {
			low, mark = middle, x.Mark()
		} else {
			high = middle
		}
	}
	return high
}

// owner is what a change is credited to: a step, or something named beside the
// steps.
type owner struct {
	who  string
	step int    // index in Explanation.Steps
	way  string // as in Beside
}

// owner is what a CPU works on now.
func (c *creditor) owner(cpu int) owner {
	x := c.x
	chain := x.a.ChainOf(x.Machine, cpu)
	if len(chain) > 1 && chain[0].Place.Function == "" && path.Base(chain[1].Place.File) == recoverFile {
		return c.boots(cpu) // the pristine copy's code, which copies the image
	}
	last, announced := c.last[cpu]
	recovers := false
	for _, f := range chain {
		file := path.Base(f.Place.File)
		if announced && f.Place.Function == last.function {
			return owner{step: last.step}
		}
		if i := c.way(file); i >= 0 {
			if c.e.Steps[i].Name == ways[0] {
				return owner{step: i} // it goes on with the instance that there is
			}
			return c.boots(cpu)
		}
		recovers = recovers || strings.HasPrefix(file, "recover_") || file == recoverFile
		if file == recoverFile {
			break // this is a function that the owner calls
		}
	}
	switch {
	case recovers:
		return owner{who: on(between, cpu)}
	case x.Machine.CPL(cpu) == 3:
		return owner{who: on("a VM", cpu)}
	}
	return owner{who: on("what went on in the hypervisor", cpu)}
}

// boots is a CPU's part in the boot of a new instance, which the latest way began.
func (c *creditor) boots(cpu int) owner {
	o := owner{who: on(newBoot, cpu)}
	for _, s := range c.e.Steps {
		if slices.Contains(ways[1:], s.Name) {
			o.way = s.Name
		}
	}
	return o
}

// way finds the announced way of recovery to which a file belongs, -1 if there is none.
func (c *creditor) way(file string) int {
	return slices.IndexFunc(c.e.Steps, func(s Effect) bool {
		return slices.Contains(ways, s.Name) && file == "recover_"+s.Name+".go"
	})
}

func on(who string, cpu int) string { return fmt.Sprintf("%s, on CPU %d", who, cpu) }

// announce notes that a CPU begins a step.
func (c *creditor) announce(st faults.Step) {
	c.last[st.CPU] = announcement{len(c.e.Steps) - 1, c.x.a.Target.Announcer(st.Place)}
}

// changes are the changes of an owner.
func (c *creditor) changes(o owner) *Changes {
	if o.who == "" {
		return &c.e.Steps[o.step].Changes
	}
	s := &c.e.Steps[len(c.e.Steps)-1]
	i := slices.IndexFunc(s.Beside, func(b Beside) bool { return b.Who == o.who })
	if i < 0 {
		i = len(s.Beside)
		s.Beside = append(s.Beside, Beside{Who: o.who, way: o.way})
	}
	return &s.Beside[i].Changes
}
