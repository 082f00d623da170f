package experiments

import (
	"math"
	"testing"

	"resvirt/faults"
	"resvirt/sim"
)

func TestExtrapolate(t *testing.T) {
	one := ClopperPearson(5, 50)
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
	struck := map[string]stratum{"rflags": {0, 6, 4}, "rax": {0, 9, 9}, "heap": {1000, 7, 1}}
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

func TestWindowed(t *testing.T) {
	beats := []beat{{100, 10}, {200, 20}, {300, 120}}
	for _, c := range []struct {
		from, to, want uint64
	}{{100, 300, 110}, {150, 250, 55}, {0, 150, 5}, {250, 900, 50}, {200, 200, 0}} {
		if got := windowed(beats, sim.Time(c.from), sim.Time(c.to)); got != c.want {
			t.Errorf("%d to %d: %d, want %d", c.from, c.to, got, c.want)
		}
	}
}
