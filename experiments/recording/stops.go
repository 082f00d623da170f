package recording

import (
	"context"

	"resvirt/experiments/testbed"
	"resvirt/hw/machine"
	"resvirt/hw/mem"
)

// Stops are what ends a movement: instructions at addresses, of any processor, and
// accesses to physical memory.
type Stops struct {
	Code []uint64
	Data []mem.Watchpoint
}

// Hit is an instruction that a search came across: at its position it is about to be
// executed.
type Hit struct {
	CPU      int
	Position Position
	PC       uint64
}

// Stopped is the place at which a movement has ended.
type Stopped struct {
	Hit
	Access *machine.Access // nil: an instruction at an address
}

// arm lets the machine stop, at its own speed; disarm ends that.
func (t *Track) arm(s Stops) (disarm func()) {
	h := t.walk.Machine.(*testbed.Hardware)
	h.StopBefore(s.Code...)
	h.WatchMemory(s.Data...)
	t.walk.stops = true
	return func() {
		t.walk.stops, t.walk.stopped = false, nil
		h.StopBefore()
		h.WatchMemory()
	}
}

// NextStop moves forwards to the first stop up to a position. The machine is then before the
// instruction, with what leads there delivered; or behind the access. An instruction
// before which it has stopped already is passed. If found is false it stands at that
// position, or where ctx has ended.
func (t *Track) NextStop(ctx context.Context, to Position, s Stops) (at Stopped, found bool, err error) {
	if to > t.end {
		return at, false, &OutsideError{to, t.start, t.end}
	}
	defer t.arm(s)()
	for {
		part := min(to, t.turn(t.Position()))
		if err := t.forward(ctx, part); err != nil {
			return at, false, err
		}
		if at, found := t.heard(); found || part == to {
			return at, found, nil
		}
		if err := t.Seek(ctx, part); err != nil { // the fault
			return at, false, err
		}
	}
}

// LastStop moves backwards to the last stop before the present position. The machine is then
// before the instruction, or before the one that made the access. If found is false it
// stands at the start, or, if ctx has ended, somewhere behind which there is no stop.
func (t *Track) LastStop(ctx context.Context, s Stops) (at Stopped, found bool, err error) {
	at, none, found, err := t.lastStop(ctx, s)
	if err != nil {
		if back := t.Seek(context.WithoutCancel(ctx), none); back != nil {
			err = back
		}
		return at, false, err
	}
	ctx = context.WithoutCancel(ctx)
	if !found {
		return at, false, t.Seek(ctx, t.start)
	}
	if err := t.Seek(ctx, at.Position); err != nil || at.Access != nil {
		return at, true, err
	}
	if t.walk.Machine.(*testbed.Hardware).CPU(at.CPU).RIP != at.PC { // something is to be delivered first
		_, _, err = t.NextStop(ctx, min(at.Position+1, t.end), Stops{Code: []uint64{at.PC}})
	}
	return at, true, err
}

// lastStop is the last stop before the present position, and the position between which
// and the present one there is none. The machine is somewhere afterwards.
func (t *Track) lastStop(ctx context.Context, s Stops) (at Stopped, none Position, found bool, err error) {
	to := t.Position()
	for to > t.start {
		from := t.markBefore(to)
		if at, found, err = t.lastIn(ctx, from, to, s); found || err != nil {
			break
		}
		to = from
	}
	return at, to, found, err
}

// lastIn is the last stop on a way without a jump.
func (t *Track) lastIn(ctx context.Context, from, to Position, s Stops) (last Stopped, found bool, err error) {
	if err := t.Seek(ctx, from); err != nil {
		return last, false, err
	}
	defer t.arm(s)()
	for end := min(to, t.turn(from)); t.Position() < end; {
		if err := t.forward(ctx, end); err != nil {
			return last, false, err
		}
		if at, heard := t.heard(); heard && at.Position < to {
			last, found = at, true
		}
	}
	return last, found, nil
}

// FindPC moves forwards to the next position, after the present one, before whose
// instruction one of some addresses is about to be executed. It is much faster than Find.
// found is false where there is none up to the end; then, and if the context ends, the
// machine is where it was.
func (t *Track) FindPC(ctx context.Context, pcs []uint64) (found bool, err error) {
	here := t.Position()
	at, found, err := t.NextStop(ctx, t.end, Stops{Code: pcs})
	for found && at.Position == here {
		at, found, err = t.NextStop(ctx, t.end, Stops{Code: pcs})
	}
	if found { // an interrupt may have been delivered there
		err = t.back(context.WithoutCancel(ctx), at.Position, true)
	}
	return found, t.settle(ctx, here, at.Position, found, err)
}

// PreviousPC is FindPC backwards.
func (t *Track) PreviousPC(ctx context.Context, pcs []uint64) (found bool, err error) {
	here := t.Position()
	at, _, found, err := t.lastStop(ctx, Stops{Code: pcs})
	return found, t.settle(ctx, here, at.Position, found, err)
}

// heard takes the stop that the walk has come to.
func (t *Track) heard() (Stopped, bool) {
	stop := t.walk.stopped
	t.walk.stopped = nil
	if stop == nil {
		return Stopped{}, false
	}
	h := t.walk.Machine.(*testbed.Hardware)
	if stop.access != nil {
		a := stop.access
		return Stopped{Hit{a.CPU, a.Position, a.PC}, a}, true
	}
	return Stopped{Hit{stop.cpu, h.Position(), h.CPU(stop.cpu).RIP}, nil}, true
}
