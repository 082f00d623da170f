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
	Since Position // the first position at which it is broken; or of those looked at, if not Exact
	Exact bool
	// Until is the first of the positions looked at where it holds again; 0 = it is still
	// broken at the last one.
	Until    Position
	Repairer *Event // the last step that was announced before Until; nil where none was
}

// Damage is what does not hold at one position. A violation that is under way is no damage
// yet: processors are in the middle of what they do, and invariants can be expected to hold
// only where nothing is.
type Damage struct {
	Broken []inspect.Violation // by the fault, or by what came of it
	Golden []inspect.Violation // under way: the golden run breaks them at the same position
	Passes []inspect.Violation // under way: gone when the processors have left the hypervisor
}

// UnderWay is how many are under way.
func (d *Damage) UnderWay() int { return len(d.Golden) + len(d.Passes) }

// Health is what was found by looking at the invariants along a run.
type Health struct {
	Positions []Position // that were looked at, ascending
	Count     []int      // of broken invariants at each
	UnderWay  []int      // of those that are only under way
	Broken    []Broken   // in the order of Since
}

// looksBetween is at how many positions the invariants are looked at between two events
// that lie far apart.
const looksBetween = 4

// Health looks at the invariants at each event of the run from the fault on, and at some
// positions between; for a few of each kind it then searches for where they broke. Of what is
// under way it tells how many there are. It uses machines of its own.
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
		now, err := r.damage(ctx, t, g, p)
		if err != nil {
			return nil, err
		}
		h.Count, h.UnderWay = append(h.Count, len(now.Broken)), append(h.UnderWay, now.UnderWay())
		first := len(h.Broken)
		h.note(open, now.Broken, p, r)
		if i == 0 {
			for k := range h.Broken {
				h.Broken[k].Exact = true // the fault did it
			}
		} else if err := r.date(ctx, t, h.Positions[i-1], h.Broken[first:]); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// dated is of how many of a kind that break between two looks the first position is sought.
const dated = 4

// date finds the first positions at which invariants are broken that were found to be between one
// look and the next.
func (r *Recording) date(ctx context.Context, t *Track, from Position, list []Broken) error {
	seen := map[inspect.ViolationKind]int{}
	for i := range list {
		b := &list[i]
		if seen[b.Kind]++; seen[b.Kind] > dated {
			continue
		}
		at, err := r.breaks(ctx, t, b.Where(), from, b.Since)
		if err != nil {
			return err
		}
		b.Since, b.Exact = at, true
	}
	return nil
}

// breaks is where an invariant that is broken at a position breaks, searched from an earlier one
// on. If it is broken there already, under way in both runs, that is the answer.
func (r *Recording) breaks(ctx context.Context, t *Track, where inspect.Where, from, at Position) (Position, error) {
	is := func() bool {
		return slices.ContainsFunc(r.Guests.Check(t.Machine()), func(v inspect.Violation) bool { return v.Where() == where })
	}
	if err := t.Seek(ctx, from); err != nil || is() {
		return from, err
	}
	return t.turning(ctx, from, at, is)
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
	now, _, err := r.brokenAt(ctx, r.Run, r.Golden, r.Run.Position())
	return now, err
}

// DamageAt is what does not hold where the run's machine stands. It stands there again
// afterwards.
func (r *Recording) DamageAt(ctx context.Context) (Damage, error) {
	here := r.Run.Position()
	d, err := r.damage(ctx, r.Run, r.Golden, here)
	return d, r.Run.settle(ctx, here, here, false, err)
}

// BreaksAt is where an invariant breaks that is broken at a position, and not at an earlier one
// or only under way. The run's machine stands there afterwards.
func (r *Recording) BreaksAt(ctx context.Context, where inspect.Where, from, at Position) (Position, error) {
	return r.breaks(ctx, r.Run, where, from, at)
}

// damage sorts what is broken at a position. The machine is somewhere behind it afterwards.
func (r *Recording) damage(ctx context.Context, t, g *Track, p Position) (d Damage, err error) {
	if d.Broken, d.Golden, err = r.brokenAt(ctx, t, g, p); err != nil || len(d.Broken) == 0 {
		return d, err
	}
	passes, err := r.passing(ctx, t, p, d.Broken)
	if err != nil {
		return d, err
	}
	d.Passes = slices.DeleteFunc(slices.Clone(d.Broken), func(v inspect.Violation) bool { return !passes[v.Where()] })
	d.Broken = slices.DeleteFunc(d.Broken, func(v inspect.Violation) bool { return passes[v.Where()] })
	return d, nil
}

// brokenAt lists what is broken in a run and not in the golden one, and what in both.
func (r *Recording) brokenAt(ctx context.Context, t, g *Track, p Position) (now, both []inspect.Violation, err error) {
	if err := t.Seek(ctx, p); err != nil {
		return nil, nil, err
	}
	now = r.Guests.Check(t.Machine())
	if len(now) == 0 || p > g.end {
		return now, nil, nil
	}
	if err := g.Seek(ctx, p); err != nil {
		return nil, nil, err
	}
	also := map[inspect.Where]bool{}
	for _, v := range r.Guests.Check(g.Machine()) {
		also[v.Where()] = true
	}
	for _, v := range now {
		if also[v.Where()] {
			both = append(both, v)
		}
	}
	return slices.DeleteFunc(now, func(v inspect.Violation) bool { return also[v.Where()] }), both, nil
}
