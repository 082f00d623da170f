package step

import (
	"context"
	"fmt"

	"resvirt/experiments/recording"
	"resvirt/faults"
)

// look gathers what panes show where the machine stands.
type look struct{}

func (look) busy() string                              { return "looking" }
func (look) do(context.Context, *desk) (string, error) { return "", nil }

// openRun opens a run, at a place or at its fault.
type openRun struct {
	path, setting string
	index         int
	place         string
}

func (c openRun) busy() string { return fmt.Sprintf("opening %s %s/%d", c.path, c.setting, c.index) }

func (c openRun) do(ctx context.Context, d *desk) (string, error) {
	if err := d.open(ctx, c.path, c.setting, c.index); err != nil {
		return "", err
	}
	if c.place == "" {
		return "", nil
	}
	return goTo{c.place}.do(ctx, d)
}

// goTo jumps to a place.
type goTo struct{ place string }

func (c goTo) busy() string { return "going to " + c.place }

func (c goTo) do(ctx context.Context, d *desk) (string, error) {
	return "", d.rec.Goto(ctx, c.place)
}

// seek jumps to a position.
type seek struct{ to recording.Position }

func (c seek) busy() string { return fmt.Sprintf("going to position %d", c.to) }

func (c seek) do(ctx context.Context, d *desk) (string, error) {
	return "", d.rec.Run.Seek(ctx, c.to)
}

// byInstruction steps by so many instructions: of all processors or, if one is shown for
// good, of that one.
type byInstruction struct{ n int }

func (c byInstruction) busy() string { return "stepping" }

func (c byInstruction) do(ctx context.Context, d *desk) (string, error) {
	t := d.rec.Run
	if d.ask.CPU != follow {
		return d.until(ctx, c.n, func(_ faults.Machine, e faults.TraceEntry) bool { return e.CPU == d.cpu }, "this processor executes no more")
	}
	if at := t.Position(); c.n < 0 && at <= t.Start() || c.n > 0 && at >= t.End() {
		return edge(c.n), nil
	}
	return "", t.Seek(ctx, t.Position()+recording.Position(c.n))
}

// edge says that there is no further step.
func edge(n int) string {
	if n < 0 {
		return "the run begins here: before, machine and VMs boot"
	}
	return "the run ends here"
}

// until goes to the next or the previous position at which a condition holds.
func (d *desk) until(ctx context.Context, n int, c recording.Condition, none string) (string, error) {
	search := d.rec.Run.Find
	if n < 0 {
		search = d.rec.Run.Previous
	}
	found, err := search(ctx, c)
	if err == nil && !found {
		return none, nil
	}
	return "", err
}

// byEvent steps to the next or the previous event.
type byEvent struct {
	n    int
	list []recording.Event
}

// nextEvent steps by an event among those that are known.
func nextEvent(n int) func(State) (State, command) {
	return func(s State) (State, command) { return s, byEvent{n, s.events()} }
}

func (c byEvent) busy() string { return "going to the next event" }

func (c byEvent) do(ctx context.Context, d *desk) (string, error) {
	at := d.rec.Run.Position()
	to, found := at, false
	for _, e := range c.list {
		switch {
		case c.n > 0 && e.Position > at && !found:
			to, found = e.Position, true
		case c.n < 0 && e.Position < at:
			to, found = e.Position, true
		}
	}
	if !found && c.n < 0 && at > d.of.Start {
		to, found = d.of.Start, true
	}
	if !found {
		return edge(c.n), nil
	}
	return "", d.rec.Run.Seek(ctx, to)
}

// byLine steps to another line of the source, on the processor that is shown.
type byLine struct{ n int }

func (c byLine) busy() string { return "stepping by a line" }

func (c byLine) do(ctx context.Context, d *desk) (string, error) {
	locate := d.lines()
	here := locate(d.machine().Register(d.cpu, faults.RIP))
	return d.until(ctx, c.n, func(_ faults.Machine, e faults.TraceEntry) bool {
		if e.CPU != d.cpu {
			return false
		}
		l := locate(e.PC)
		return l != here && l.line > 0
	}, edge(c.n))
}

// fileLine is a line of the source.
type fileLine struct {
	file string
	line int
}

// lines finds the lines of addresses, and remembers them: a search asks for the same ones
// again and again.
func (d *desk) lines() func(pc uint64) fileLine {
	known := map[uint64]fileLine{}
	return func(pc uint64) fileLine {
		l, ok := known[pc]
		if !ok {
			if calls := d.rec.Lab.System.Target().Symbols.Calls(pc); len(calls) > 0 {
				l = fileLine{calls[0].File, calls[0].Line}
			}
			known[pc] = l
		}
		return l
	}
}

// jumps says whether a command is a jump, which can be undone, and no step.
func jumps(c command) bool {
	switch c.(type) {
	case goTo, seek, byEvent, whoSet, whoUses, whoWrote, whoReads, toStop, search, findBreak:
		return true
	}
	return false
}

// back jumps to where a jump came from.
type back struct{ seek }
