package report

import (
	"resvirt/experiments/stats"
	"resvirt/experiments/store"
	"resvirt/sim"
)

// VersusRate is a rate in both campaigns, with the change.
type VersusRate struct {
	Rate string `json:"rate"`
	KA   int    `json:"count_a"`
	NA   int    `json:"of_a"`
	KB   int    `json:"count_b"`
	NB   int    `json:"of_b"`

	// Pairs of the same fault. If the comparison is paired, the difference is
	// computed from them, with McNemar's test and the interval of Agresti and Min;
	// else with Fisher's test and Newcombe's interval.
	Paired bool `json:"paired"`
	Pairs  int  `json:"pairs"`
	OnlyA  int  `json:"only_a"`
	OnlyB  int  `json:"only_b"`
	// Indices of the pairs that make up OnlyA and OnlyB.
	AAlone []int `json:"only_a_runs"`
	BAlone []int `json:"only_b_runs"`

	Difference  *float64 `json:"difference"` // B less A; null where a side has none
	Low         *float64 `json:"low"`        // 95 %
	High        *float64 `json:"high"`
	P           *float64 `json:"p"`
	Significant bool     `json:"significant"` // p < 0.05
}

// rateKind defines a rate: which rows count in it, and of which.
type rateKind struct {
	name, of string // what is counted, and of what
	paper    bool   // by the papers' rule, which needs a VM that is made late
	in, hit  func(*store.Case) bool
}

var rateKinds = []rateKind{
	{"unsurvived", "applied", false, func(f *store.Case) bool { return f.Outcome.Applied() }, func(f *store.Case) bool { return f.Outcome.Unsurvived() }},
	{"recovered", "manifested", false, func(f *store.Case) bool { return f.Outcome.Manifested() }, recoveredStrict},
	{"recovered", "detected", false, func(f *store.Case) bool { return f.Outcome.Detected() }, recoveredStrict},
	{"recovered_paper", "detected", true, func(f *store.Case) bool { return f.Outcome.Detected() }, func(f *store.Case) bool { return f.Paper }},
}

func recoveredStrict(f *store.Case) bool { return f.Outcome.String() == "recovered" }

func (k *rateKind) count(list []store.Case) (hits, n int) {
	for i := range list {
		if k.in(&list[i]) {
			n++
			if k.hit(&list[i]) {
				hits++
			}
		}
	}
	return hits, n
}

// compare compares the rate, paired if that is representative: if the same faults
// are at least half of the smaller campaign's, and at most a tenth of them count
// under one campaign alone. Which faults are the same does not depend on their
// outcomes.
func (k *rateKind) compare(a, b []store.Case, same []samePair) VersusRate {
	r := VersusRate{Rate: k.name + "_of_" + k.of, AAlone: []int{}, BAlone: []int{}}
	r.KA, r.NA = k.count(a)
	r.KB, r.NB = k.count(b)
	odd := 0
	for _, p := range same {
		inA, inB := k.in(p.a) && p.a.Outcome.Decided(), k.in(p.b) && p.b.Outcome.Decided()
		switch {
		case !inA && !inB:
		case inA != inB:
			odd++
		default:
			r.Pairs++
			switch hitA, hitB := k.hit(p.a), k.hit(p.b); {
			case hitA && !hitB:
				r.AAlone = append(r.AAlone, p.a.Index)
			case hitB && !hitA:
				r.BAlone = append(r.BAlone, p.a.Index)
			}
		}
	}
	r.OnlyA, r.OnlyB = len(r.AAlone), len(r.BAlone)
	if r.NA == 0 || r.NB == 0 {
		return r
	}
	r.Paired = 2*r.Pairs >= min(r.NA, r.NB) && 10*odd <= r.Pairs
	if r.Paired {
		r.set(float64(r.OnlyB-r.OnlyA)/float64(r.Pairs), stats.PairedDifference(r.OnlyB, r.OnlyA, r.Pairs), stats.McNemar(r.OnlyB, r.OnlyA))
	} else {
		r.set(float64(r.KB)/float64(r.NB)-float64(r.KA)/float64(r.NA), stats.Newcombe(r.KB, r.NB, r.KA, r.NA), stats.Fisher(r.KB, r.NB, r.KA, r.NA))
	}
	return r
}

func (r *VersusRate) set(difference float64, i stats.Interval, p float64) {
	r.Difference, r.Low, r.High, r.P, r.Significant = &difference, &i.Low, &i.High, &p, p < significant
}

// VersusTime is a latency in both campaigns.
type VersusTime struct {
	Latency     string    `json:"latency"`
	NA          int       `json:"runs_a"`
	NB          int       `json:"runs_b"`
	MedianA     *sim.Time `json:"median_a_ps"` // null without runs
	MedianB     *sim.Time `json:"median_b_ps"`
	Change      *float64  `json:"change"` // of the median, as a share of A's; null without runs, or from 0
	P           *float64  `json:"mann_whitney_p"`
	Significant bool      `json:"significant"`
}

type timeKind struct {
	name string
	of   func(*store.Case) *sim.Time
}

var timeKinds = []timeKind{
	{"detection", func(f *store.Case) *sim.Time { return f.Detection }},
	{"recovery", func(f *store.Case) *sim.Time { return f.Recovery }},
}

func (k *timeKind) list(fates []store.Case) (list []int64) {
	for i := range fates {
		if t := k.of(&fates[i]); t != nil {
			list = append(list, int64(*t))
		}
	}
	return list
}

func (k *timeKind) compare(a, b []store.Case) VersusTime {
	x, y := k.list(a), k.list(b)
	t := VersusTime{Latency: k.name, NA: len(x), NB: len(y)}
	if p, ok := stats.MannWhitney(x, y); ok {
		t.P, t.Significant = &p, p < significant
	}
	if m, ok := stats.Quantile(x, 0.5); ok {
		t.MedianA = (*sim.Time)(&m)
	}
	if m, ok := stats.Quantile(y, 0.5); ok {
		t.MedianB = (*sim.Time)(&m)
	}
	if t.MedianA != nil && t.MedianB != nil && *t.MedianA > 0 {
		change := float64(*t.MedianB)/float64(*t.MedianA) - 1
		t.Change = &change
	}
	return t
}
