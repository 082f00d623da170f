package recording

import (
	"testing"

	"resvirt/vi/inspect"
)

// An invariant that is told to be broken since a position is broken there and holds just before;
// none is told to be broken by the fault where another processor is only in the middle of
// something.
func TestInvariantsBreakWhereTheyAreSaidTo(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	passed := 0
	for i := range 2 {
		r, err := c.Execute(t.Context(), i, c.lab.Experiment.Settings[len(c.lab.Experiment.Settings)-1])
		if err != nil {
			t.Fatal(err)
		}
		if r.Row.Strike == nil {
			continue
		}
		h, err := r.Health(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		has := func(p Position, w inspect.Where) bool {
			if err := r.Run.Seek(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			for _, v := range r.Guests.Check(r.Run.Machine()) {
				if v.Where() == w {
					return true
				}
			}
			return false
		}
		exact := 0
		for _, b := range h.Broken {
			if !b.Exact || exact > 20 {
				continue
			}
			exact++
			if !has(b.Since, b.Where()) {
				t.Errorf("%s: %v holds at %s, since when it is said to be broken", r.Row.Run(), b.Violation, r.PlaceOf(b.Since))
			}
			looked := false // then it may have been under way before
			for _, p := range h.Positions {
				looked = looked || p == b.Since
			}
			if !looked && has(b.Since-1, b.Where()) {
				t.Errorf("%s: %v is broken before %s, since when it is said to be", r.Row.Run(), b.Violation, r.PlaceOf(b.Since))
			}
		}
		for k, p := range h.Positions {
			if err := r.Run.Seek(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			d, err := r.DamageAt(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Broken) != h.Count[k] || d.UnderWay() != h.UnderWay[k] || r.Run.Position() != p {
				t.Errorf("%s at %s: %d broken, %d under way; along the run %d, %d", r.Row.Run(), r.PlaceOf(p), len(d.Broken), d.UnderWay(), h.Count[k], h.UnderWay[k])
			}
			for _, v := range d.Passes {
				passed++
				holds := false
				for q := p; q < p+longestOperation && q < r.Run.End() && !holds; q += operationPiece {
					holds = !has(q, v.Where())
				}
				if !holds {
					t.Errorf("%s at %s: %v is said to be under way, and stays", r.Row.Run(), r.PlaceOf(p), v)
				}
			}
		}
	}
	if passed == 0 {
		t.Error("nothing was under way anywhere")
	}
}
