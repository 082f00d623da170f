package recording

import (
	"context"
	"slices"

	"resvirt/vi/inspect"
)

// Broken is an invariant of the hypervisor that does not hold on a part of a run, and
// holds in the golden run.
type Broken struct {
	inspect.Violation
	Since Position // the first of the positions looked at where it is broken
	// Until is the first of them where it holds again; 0 = it is still broken at the last
	// one.
	Until    Position
	Repairer *Event // the last step that was announced before Until; nil where none was
}

// Health is what was found by looking at the invariants along a run.
type Health struct {
	Positions []Position // that were looked at, ascending
	Count     []int      // of broken invariants at each
	Broken    []Broken   // in the order of Since
}

// looksBetween is at how many positions the invariants are looked at between two events
// that lie far apart.
const looksBetween = 4

// Health looks at the invariants at each event of the run from the fault on, and at some
// positions between. Of what also the golden run breaks at the same position, since an
// operation is under way, it does not tell. It uses machines of its own.
func (r *Recording) Health(ctx context.Context, progress func(done, all int)) (*Health, error) {
	t, err := r.Run.Again()
	if err != nil {
		return nil, err
	}
	g := goldenTrack(r.Lab)
	h := &Health{Positions: r.looks()}
	open := map[inspect.Where]int{} // in h.Broken
	for i, p := range h.Positions {
		if progress != nil {
			progress(i, len(h.Positions))
		}
		now, err := r.brokenAt(ctx, t, g, p)
		if err != nil {
			return nil, err
		}
		h.Count = append(h.Count, len(now))
		h.note(open, now, p, r)
	}
	return h, nil
}

// note begins and ends intervals at a position.
func (h *Health) note(open map[inspect.Where]int, now []inspect.Violation, p Position, r *Recording) {
	here := map[inspect.Where]bool{}
	for _, v := range now {
		key := v.Where()
		here[key] = true
		if i, ok := open[key]; ok {
			h.Broken[i].Violation = v
			continue
		}
		open[key] = len(h.Broken)
		h.Broken = append(h.Broken, Broken{Violation: v, Since: p})
	}
	for key, i := range open {
		if !here[key] {
			h.Broken[i].Until, h.Broken[i].Repairer = p, r.stepBefore(p)
			delete(open, key)
		}
	}
}

// stepBefore is the last step announced before a position.
func (r *Recording) stepBefore(p Position) *Event {
	for _, e := range slices.Backward(r.Events) {
		if e.Kind == Step && e.Position < p {
			return &e
		}
	}
	return nil
}

// looks are the positions at which invariants are looked at.
func (r *Recording) looks() (list []Position) {
	for i, e := range r.Events {
		if i > 0 {
			from, n := r.Events[i-1].Position, uint64(looksBetween)
			for k := uint64(1); k < n && e.Position-from > 1000; k++ {
				list = append(list, from+(e.Position-from)*k/n)
			}
		}
		list = append(list, e.Position)
	}
	return slices.Compact(list)
}

// BrokenAt lists the invariants that are broken where the run's machine stands, but for
// those that the golden run breaks there as well, whose machine is moved.
func (r *Recording) BrokenAt(ctx context.Context) ([]inspect.Violation, error) {
	return r.brokenAt(ctx, r.Run, r.Golden, r.Run.Position())
}

func (r *Recording) brokenAt(ctx context.Context, t, g *Track, p Position) ([]inspect.Violation, error) {
	if err := t.Seek(ctx, p); err != nil {
		return nil, err
	}
	now := r.Guests.Check(t.Machine())
	if len(now) == 0 || p > g.end {
		return now, nil
	}
	if err := g.Seek(ctx, p); err != nil {
		return nil, err
	}
	also := map[inspect.Where]bool{}
	for _, v := range r.Guests.Check(g.Machine()) {
		also[v.Where()] = true
	}
	return slices.DeleteFunc(now, func(v inspect.Violation) bool { return also[v.Where()] }), nil
}
