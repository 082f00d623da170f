package experiments

import (
	"testing"

	"resvirt/faults"
	"resvirt/hw/machine"
)

// Two engines, one result: the whole system from power-on to its end in both,
// compared at a thousand positions.
func TestEnginesAgreeOnTheSystem(t *testing.T) {
	l := realLab(t)
	var machines []faults.Machine
	for _, engine := range []machine.Engine{machine.Plain{}, machine.Fast{}} {
		s := *l.sys.(*system)
		s.spec.Engine = engine
		m, err := s.Boot()
		if err != nil {
			t.Fatal(err)
		}
		machines = append(machines, m)
	}
	plain, fast := machines[0], machines[1]
	for position := uint64(0); ; {
		position += l.golden.End/1000 + position%7
		a, b := plain.Run(faults.Until{Position: position}), fast.Run(faults.Until{Position: position})
		if a != b || plain.Position() != fast.Position() || plain.Now() != fast.Now() || plain.Digest() != fast.Digest() {
			t.Fatalf("plain: %s at %d, fast: %s at %d", describe(a), plain.Position(), describe(b), fast.Position())
		}
		if a.Reason != faults.Reached {
			break
		}
	}
	if plain.Position() != l.golden.End {
		t.Errorf("the system ended at %d, the golden run at %d", plain.Position(), l.golden.End)
	}
}

// Nor does any outcome depend on the engine: some faults of each shipped
// experiment. The plain one starts from the fast one's snapshots.
func TestEnginesAgreeOnFaults(t *testing.T) {
	quick := realLab(t)
	for _, name := range Shipped() {
		l := quick
		if name != quick.exp.Name {
			l = shippedLab(t, name)
		}
		s := *l.sys.(*system)
		s.spec.Engine = machine.Plain{}
		m, err := s.Boot()
		if err != nil {
			t.Fatal(err)
		}
		plain, fast := &worker{lab: l, m: m}, &worker{lab: l}
		settings := l.exp.Settings[:min(len(l.exp.Settings), 3)]
		for i := range 2 {
			a, b := plain.unit(i, settings), fast.unit(i, settings)
			for k := range a {
				different, err := compare(&a[k], &b[k])
				if err != nil || len(different) != 0 {
					t.Errorf("%s, %s: plain and fast engine: %v %v", name, a[k].Run(), different, err)
				}
			}
		}
	}
}

// shippedLab is a shipped experiment with its golden run.
func shippedLab(t *testing.T, name string) *lab {
	t.Helper()
	e, _, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	sys, err := BuildSystem(e, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	g, err := runGolden(sys, &e)
	if err != nil {
		t.Fatal(err)
	}
	return &lab{sys: sys, exp: &e, campaign: campaignDigest(identity(&e, sys)), golden: g, model: e.model()}
}
