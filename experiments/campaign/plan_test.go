package campaign

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/store"
)

// units gives the same as a plain list of all work, whatever is done already: one
// fault after the other, each with the settings whose rows are missing, in order.
func TestUnitsAreWhatIsMissing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	settings := []experiments.Setting{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	for range 2000 {
		p := plan{n: r.IntN(12), settings: settings[:1+r.IntN(3)]}
		missing := make([][]experiments.Setting, p.n)
		for _, s := range p.settings {
			var done store.Indexes
			rare := r.IntN(5)
			for i := range p.n {
				switch n := len(done); {
				case r.IntN(4) < rare:
					missing[i] = append(missing[i], s)
				case n > 0 && done[n-1].To == i:
					done[n-1].To++
				default:
					done = append(done, store.Range{From: i, To: i + 1})
				}
			}
			p.done = append(p.done, done)
		}
		var want, got []unitOf
		for i, s := range missing {
			if len(s) > 0 {
				want = append(want, unitOf{i, s})
			}
		}
		for u := range p.units() {
			got = append(got, u)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%d faults, done %v: got %v, want %v", p.n, p.done, got, want)
		}
	}
}

// Faults that are done are not visited one by one.
func TestUnitsOfABillion(t *testing.T) {
	p := plan{n: mostRuns, settings: []experiments.Setting{{Name: "a"}}, done: []store.Indexes{{{From: 0, To: 7}, {From: 9, To: mostRuns - 1}}}}
	var got []int
	for u := range p.units() {
		got = append(got, u.index)
	}
	if !reflect.DeepEqual(got, []int{7, 8, mostRuns - 1}) {
		t.Errorf("%v", got)
	}
}
