package recording

import (
	"context"

	"resvirt/faults"
)

// Condition is asked before an instruction is executed. It may look at the machine.
type Condition func(faults.Machine, faults.TraceEntry) bool

// Find moves forwards to the next position, after the present one, before whose
// instruction a condition holds. found is false where there is none up to the end, or the
// context has ended: then the machine is where it was.
func (t *Track) Find(ctx context.Context, c Condition) (found bool, err error) {
	here := t.Position()
	at, found, err := t.first(ctx, here, t.end, c)
	return found, t.settle(ctx, here, at, found, err)
}

// Previous moves backwards to the last position before the present one before whose
// instruction a condition holds.
func (t *Track) Previous(ctx context.Context, c Condition) (found bool, err error) {
	here := t.Position()
	at, found, err := t.last(ctx, here, c)
	return found, t.settle(ctx, here, at, found, err)
}

// settle ends a search at what was found or where it began, also if it was broken off.
func (t *Track) settle(ctx context.Context, here, at Position, found bool, err error) error {
	if !found || err != nil {
		at = here
	}
	if back := t.Seek(context.WithoutCancel(ctx), at); back != nil {
		return back
	}
	return err
}

// first is the first position after one and before another at which a condition holds.
// The machine is somewhere afterwards.
func (t *Track) first(ctx context.Context, after, to Position, c Condition) (at Position, found bool, err error) {
	for from := after; from < to && !found; from = t.turn(from) {
		if err := t.Seek(ctx, from); err != nil {
			return 0, false, err
		}
		err := t.Watch(ctx, min(to, t.turn(from)), func(e faults.TraceEntry) bool {
			at, found = e.Position, e.Position > after && c(t.walk.Machine, e)
			return !found
		})
		if err != nil {
			return 0, false, err
		}
	}
	return at, found, nil
}

// last is the last position before one at which a condition holds.
func (t *Track) last(ctx context.Context, before Position, c Condition) (at Position, found bool, err error) {
	for to := before; to > t.start && !found; {
		from := t.markBefore(to)
		if err := t.Seek(ctx, from); err != nil {
			return 0, false, err
		}
		err := t.Watch(ctx, min(to, t.turn(from)), func(e faults.TraceEntry) bool {
			if e.Position < before && c(t.walk.Machine, e) {
				at, found = e.Position, true
			}
			return true
		})
		if err != nil {
			return 0, false, err
		}
		to = from
	}
	return at, found, nil
}

// markBefore is the last coarse mark before a position, or the start.
func (t *Track) markBefore(p Position) Position {
	at := t.start
	for _, m := range t.coarse {
		if m.at < p {
			at = max(at, m.at)
		}
	}
	return at
}
