package step

import (
	"slices"

	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// frame is a function under way; those that the compiler has expanded in their callers count
// as well.
type frame struct {
	faults.Place
	Domain   string // "" = the hypervisor
	User     bool
	Left     testbed.Entered // how its code was left for that of the frame before it
	Expanded bool            // in the frame behind it
	level    int             // of the stack
	call     int             // of the level's calls
}

// stackAt is what a processor is doing.
type stackAt struct {
	stack  testbed.Stack
	frames []frame
}

// stackOf is what a processor is doing at the present position.
func (d *desk) stackOf(cpu int) *stackAt {
	at := d.rec.Run.Position()
	if d.kept.stacks == nil || d.kept.stacksAt != at {
		d.kept.stacks, d.kept.stacksAt = map[int]*stackAt{}, at
	}
	if s := d.kept.stacks[cpu]; s != nil {
		return s
	}
	s := &stackAt{stack: d.rec.Guests.StackOf(d.machine(), cpu)}
	for i := range s.stack.Levels {
		l := &s.stack.Levels[i]
		if l.Wrapper() {
			continue
		}
		p := d.rec.Lab.System.Target().Locate(l.At())
		p.PC = l.PC
		if len(l.Calls) == 0 {
			s.frames = append(s.frames, frame{Place: p, Domain: l.Domain, User: l.User, Left: l.Left, level: i})
		}
		for k, c := range l.Calls {
			p.Function, p.File, p.Line = c.Function, c.File, c.Line
			if l.Domain != "" {
				p.Function = l.Image + ":" + c.Function
			}
			s.frames = append(s.frames, frame{p, l.Domain, l.User, l.Left, k+1 < len(l.Calls), i, k})
		}
	}
	if len(s.frames) == 0 {
		s.frames = []frame{{Place: faults.Place{PC: d.machine().Register(cpu, faults.RIP)}, level: -1}}
	}
	d.kept.stacks[cpu] = s
	return s
}

// chosen is the frame that source and variables are shown of: the one that was asked for or, as
// helpers say little, the innermost that is no helper. In a detection entry it is the one that
// failed.
func (d *desk) chosen(s *stackAt) int {
	if d.ask.Frame > 0 {
		return min(d.ask.Frame-1, len(s.frames)-1)
	}
	helper := d.rec.Lab.System.Target().Helper
	i := max(slices.IndexFunc(s.frames, func(f frame) bool { return helper == nil || !helper(f.Function) }), 0)
	if f := d.failed(s.frames[i].Function); f != nil && f.File != "" { // a jump into nowhere has no line
		return max(i, slices.IndexFunc(s.frames, func(x frame) bool { return x.File == f.File && x.Line == f.Line }))
	}
	return i
}

// failed is the place that the last detection names, if a function is the entry that it has passed
// and is still in; else nil. A failed check is where it stands in its caller.
func (d *desk) failed(function string) *faults.Place {
	t := d.rec.Lab.System.Target()
	if t.EntryIn(function) == nil {
		return nil
	}
	at := d.rec.Run.Position()
	for i := range slices.Backward(d.of.Row.Detections) {
		if x := &d.of.Row.Detections[i]; x.Position <= at {
			return &x.Place
		}
	}
	return nil
}
