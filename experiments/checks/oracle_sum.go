package checks

import (
	"cmp"
	"slices"

	"resvirt/experiments"
)

// Sensitivity sums up flips by class. In classes of different things it also sums
// them up by what flipped.
func Sensitivity(e experiments.Experiment, sys experiments.System, seed uint64, flips []Flip) (s experiments.Sensitivity, kinds []experiments.Noticeable) {
	s = experiments.Sensitivity{Guests: experiments.GuestsDigest(sys), Experiment: e.Name, Seed: seed}
	for _, class := range flipClasses() {
		n := experiments.Noticeable{Class: class}
		for i := range flips {
			if flips[i].Class == class {
				flips[i].count(&n)
			}
		}
		s.Classes = append(s.Classes, n)
	}
	for i := range flips {
		f := &flips[i]
		if !f.Applied {
			continue
		}
		name := f.Class + ": " + f.Sort
		k := slices.IndexFunc(kinds, func(n experiments.Noticeable) bool { return n.Class == name })
		if k < 0 {
			k, kinds = len(kinds), append(kinds, experiments.Noticeable{Class: name})
		}
		f.count(&kinds[k])
	}
	slices.SortStableFunc(kinds, func(a, b experiments.Noticeable) int { return cmp.Compare(a.Class, b.Class) })
	return s, kinds
}

func (f *Flip) count(n *experiments.Noticeable) {
	for _, c := range []struct {
		is bool
		to *int
	}{{f.Applied, &n.Flips}, {f.Read, &n.Used}, {f.Noticed, &n.Noticed}} {
		if c.is {
			*c.to++
		}
	}
}
