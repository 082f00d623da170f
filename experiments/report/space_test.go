package report

import (
	"math"
	"testing"

	"resvirt/experiments/stats"
	"resvirt/experiments/store"
	"resvirt/faults"
)

func TestExtrapolate(t *testing.T) {
	one := stats.ClopperPearson(5, 50)
	x := extrapolate(1000, []stratum{{120, 50, 5}})
	if x.Space != 120_000 || x.Failures != 12_000 || math.Abs(x.Low-120_000*one.Low) > 1e-6 || math.Abs(x.High-120_000*one.High) > 1e-6 {
		t.Errorf("one stratum: %+v", x)
	}
	// Half of the applied faults struck a part that is 1/10 of the space.
	x = extrapolate(1, []stratum{{10, 50, 50}, {90, 50, 0}})
	if x.Space != 100 || x.Failures != 10 || x.Low >= 10 || x.High <= 10 || x.Low < 0 || x.High > 100 {
		t.Errorf("two strata: %+v", x)
	}
	if x := extrapolate(1, []stratum{{10, 50, 50}, {90, 0, 0}}); x != nil {
		t.Errorf("nothing was struck of a part, and yet %+v", x)
	}
}

func TestStrata(t *testing.T) {
	c := &Cell{Applied: 100, Unsurvived: 30}
	struck := map[string]store.Struck{"rflags": {Among: 0, Applied: 6, Unsurvived: 4}, "rax": {Among: 0, Applied: 9, Unsurvived: 9}, "heap": {Among: 1000, Applied: 7, Unsurvived: 1}}
	for k, want := range map[faults.Kind][]stratum{
		faults.Failstop:     {{1, 100, 30}},
		faults.Code:         {{120, 100, 30}},
		faults.RegisterFlip: {{17, 6, 4}, {1088, 94, 26}},
		faults.Memory:       {{}, {8000, 7, 1}, {}, {}},
		faults.Software:     nil,
	} {
		got := strata(k, c, struck)
		if len(got) != len(want) || (want == nil) != (notExtrapolated(k) != "") {
			t.Fatalf("%s: %v, want %v", k, got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s: %v, want %v", k, got, want)
			}
		}
	}
}
