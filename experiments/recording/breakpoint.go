package recording

import (
	"context"
	"slices"

	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// Hit is an instruction that a search for addresses came across: before its position it
// is about to be executed.
type Hit struct {
	CPU      int
	Position Position
	PC       uint64
}

// FindPC moves forwards to the next execution of one of some addresses, by any processor
// of which accept is true. It is much faster than Find. found is false where there is
// none up to the end; then, and if the context ends, the machine is where it was.
func (t *Track) FindPC(ctx context.Context, pcs []uint64, accept func(Hit) bool) (found bool, err error) {
	here := t.Position()
	var at Position
	for from := here; from < t.end && !found && err == nil; {
		to := min(t.turn(from), (from/markEvery+1)*markEvery)
		var hits []Hit
		hits, err = t.hits(ctx, from, to, pcs)
		for _, h := range hits {
			if h.Position > here && accept(h) {
				at, found = h.Position, true
				break
			}
		}
		from = to
	}
	return found, t.settle(ctx, here, at, found, err)
}

// PreviousPC is FindPC backwards.
func (t *Track) PreviousPC(ctx context.Context, pcs []uint64, accept func(Hit) bool) (found bool, err error) {
	here := t.Position()
	var at Position
	for to := here; to > t.start && !found && err == nil; {
		from := t.markBefore(to)
		var hits []Hit
		hits, err = t.hits(ctx, from, min(to, t.turn(from)), pcs)
		for _, h := range slices.Backward(hits) {
			if h.Position < here && accept(h) {
				at, found = h.Position, true
				break
			}
		}
		to = from
	}
	return found, t.settle(ctx, here, at, found, err)
}

// hits lists the executions of addresses on a way without a jump. The machine is at its
// end afterwards.
func (t *Track) hits(ctx context.Context, from, to Position, pcs []uint64) (list []Hit, err error) {
	if err := t.Seek(ctx, from); err != nil {
		return nil, err
	}
	h := t.walk.Machine.(*testbed.Hardware)
	seen := len(h.Events())
	h.Break(pcs...)
	defer h.Break()
	if err := t.forward(ctx, to); err != nil {
		return nil, err
	}
	for _, e := range h.Events()[seen:] {
		if e.Kind == faults.EventWatched && slices.Contains(pcs, e.PC) {
			list = append(list, Hit{e.CPU, e.Position, e.PC})
		}
	}
	return list, nil
}

// Any accepts each hit.
func Any(Hit) bool { return true }
