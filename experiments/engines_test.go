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
