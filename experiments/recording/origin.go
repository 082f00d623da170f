package recording

import (
	"context"

	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/hw/machine"
	"resvirt/hw/mem"
)

// Origin is what wrote, or is what will read, a place: found by execution.
type Origin struct {
	Hit
	Access machine.Access // to memory; of a register none
	Strike bool           // the fault wrote it
	Before uint64         // of a register, and of the byte that a fault struck
	After  uint64
}

// WhoWrote finds the last store to some bytes of physical memory before the position
// where the run's machine stands, by a processor, a device or the fault. It counts also if
// it wrote what was there. found is false if there is none since the start. The machine
// stays where it is.
func (r *Recording) WhoWrote(ctx context.Context, pa, n uint64) (o Origin, found bool, err error) {
	t := r.Run
	here := t.Position()
	for to := here; to > t.start && !found && err == nil; {
		if s := r.Row.Strike; s != nil && to == s.Position && s.Kind == faults.Memory && s.Address-pa < n {
			o, found = struck(s), true
			break
		}
		from := t.markBefore(to)
		var list []machine.Access
		if t.untouched(from, to, pa, n) {
			to = from
			continue
		}
		if list, _, err = t.accesses(ctx, from, min(to, t.turn(from)), watchpoint(pa, n, mem.Store)); len(list) > 0 {
			o, found = originOf(list[0]), true
		}
		to = from
	}
	return o, found, t.settle(ctx, here, here, false, err)
}

// WhoReads finds the first load or fetch of some bytes of physical memory from the
// position on where the run's machine stands.
func (r *Recording) WhoReads(ctx context.Context, pa, n uint64) (o Origin, found bool, err error) {
	return r.next(ctx, watchpoint(pa, n, mem.Load|mem.Fetch))
}

// WhoWrites finds the first store to some bytes of physical memory from the position on
// where the run's machine stands.
func (r *Recording) WhoWrites(ctx context.Context, pa, n uint64) (o Origin, found bool, err error) {
	return r.next(ctx, watchpoint(pa, n, mem.Store))
}

// next finds the first access that a watchpoint sees.
func (r *Recording) next(ctx context.Context, w mem.Watchpoint) (o Origin, found bool, err error) {
	t := r.Run
	here := t.Position()
	for from := here; from < t.end && !found && err == nil; {
		to := min(t.turn(from), (from/markEvery+1)*markEvery)
		var count uint64
		if _, count, err = t.accesses(ctx, from, to, w); count > 0 && err == nil {
			var list []machine.Access
			if list, err = t.firstAccess(ctx, from, to, w); err == nil {
				o, found = originOf(list[0]), true
			}
		}
		from = to
	}
	return o, found, t.settle(ctx, here, here, false, err)
}

// untouched tells, if there are marks at both positions, that the pages of some bytes were
// not written between them.
func (t *Track) untouched(from, to Position, pa, n uint64) bool {
	var ends [2]faults.Snapshot
	for _, m := range t.coarse {
		switch m.at {
		case from:
			ends[0] = m.mark.state
		case to:
			ends[1] = m.mark.state
		}
	}
	return ends[0] != nil && ends[1] != nil && testbed.SamePages(ends[0], ends[1], pa, n)
}

func watchpoint(pa, n uint64, kinds mem.Kind) mem.Watchpoint {
	return mem.Watchpoint{PA: pa, Len: n, Kinds: kinds}
}

func originOf(a machine.Access) Origin {
	return Origin{Hit: Hit{a.CPU, a.Position, a.PC}, Access: a}
}

func struck(s *faults.Strike) Origin {
	return Origin{Hit: Hit{s.CPU, s.Position, s.Place.PC}, Strike: true, Before: s.Before, After: s.After}
}

// accesses executes a part of a track: it returns what the last instruction or event that
// accessed watched memory there did, and how often it was accessed.
func (t *Track) accesses(ctx context.Context, from, to Position, w mem.Watchpoint) (list []machine.Access, count uint64, err error) {
	if err := t.Seek(ctx, from); err != nil {
		return nil, 0, err
	}
	h := t.walk.Machine.(*testbed.Hardware)
	h.WatchMemory(w)
	defer h.WatchMemory()
	err = t.forward(ctx, to)
	list, count = h.Accesses()
	return list, count, err
}

// firstAccess finds the first access on a part of a track that has some.
func (t *Track) firstAccess(ctx context.Context, from, to Position, w mem.Watchpoint) (list []machine.Access, err error) {
	start := from
	for to-from > 1 {
		p := from + (to-from)/2
		_, count, err := t.accesses(ctx, start, p, w)
		if err != nil {
			return nil, err
		}
		if count > 0 {
			to = p
		} else {
			from = p
		}
	}
	list, _, err = t.accesses(ctx, start, to, w)
	return list, err
}
