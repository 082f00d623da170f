package report

import (
	"fmt"
	"math"
	"testing"

	"resvirt/experiments/stats"
	"resvirt/experiments/store"
	"resvirt/faults"
)

// lot are n rows of an outcome, struck one after the other from index on.
func lot(index, n int, o faults.Outcome) (list []store.Case) {
	for i := range n {
		list = append(list, store.Case{Index: index + i, Outcome: o, Struck: fmt.Sprint("place ", index+i)})
	}
	return list
}

func join(lists ...[]store.Case) (all []store.Case) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// The comparison is paired if most faults are the same, otherwise not: with the
// numbers of either test that TestPairedDifference, TestNewcombe and TestFisher
// have.
func TestVersusRates(t *testing.T) {
	// 40 and 20 discordant pairs of 160.
	a := join(lot(0, 20, faults.VMLost), lot(20, 40, faults.Recovered), lot(60, 100, faults.Converged))
	b := join(lot(0, 20, faults.Recovered), lot(20, 40, faults.VMLost), lot(60, 100, faults.Converged))
	r := rateKinds[0].compare(a, b, sameFaults(a, b))
	if !r.Paired || r.Pairs != 160 || r.OnlyA != 20 || r.OnlyB != 40 || math.Abs(*r.Difference-0.125) > 1e-12 ||
		math.Abs(*r.Low-0.03090) > 5e-5 || math.Abs(*r.High-0.21602) > 5e-5 || math.Abs(*r.P-stats.McNemar(20, 40)) > 1e-12 || !r.Significant {
		t.Errorf("%+v", r)
	}
	// The same counts on other faults.
	c := lot(1000, 160, faults.Converged)
	for i := range b {
		c[i].Outcome = b[i].Outcome
	}
	r = rateKinds[0].compare(a, c, sameFaults(a, c))
	if i := stats.Newcombe(40, 160, 20, 160); r.Paired || r.Pairs != 0 || *r.Low != i.Low || *r.High != i.High || *r.P != stats.Fisher(40, 160, 20, 160) {
		t.Errorf("%+v", r)
	}
	// The same faults, but under B most are detected that were not under A.
	d := join(lot(0, 20, faults.Recovered), lot(20, 140, faults.VMLost))
	r = rateKinds[2].compare(a, d, sameFaults(a, d))
	if r.Rate != "recovered_of_detected" || r.Paired || r.Pairs != 60 || r.NA != 60 || r.NB != 160 {
		t.Errorf("%+v", r)
	}
	// The outcome of some is not known: as in the report they make no pair.
	e := join(lot(0, 5, faults.NoModel), lot(5, 155, faults.Converged))
	if r = rateKinds[0].compare(e, e, sameFaults(e, e)); !r.Paired || r.Pairs != 155 || r.NA != 160 {
		t.Errorf("%+v", r)
	}
	if r = rateKinds[1].compare(e, e, sameFaults(e, e)); r.P != nil || r.Difference != nil {
		t.Errorf("nothing manifested, and yet %+v", r)
	}
}

func TestApartWords(t *testing.T) {
	for _, c := range [][4]string{
		{"cpus 2 memory 64 MB", "cpus 4 memory 64 MB", "cpus 2", "cpus 4"},
		{"a=1 b=2 c=3", "a=1 b=2", "b=2 c=3", "b=2"},
		{"7", "8", "7", "8"},
		{"x y", "x y", "y", "y"},
	} {
		if a, b := apartWords(c[0], c[1]); a != c[2] || b != c[3] {
			t.Errorf("%q and %q: %q and %q", c[0], c[1], a, b)
		}
	}
}
