package whole

import (
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/hw/machine"
)

// Two engines, one result: the whole system from power-on to its end in both,
// compared at a thousand positions.
func TestEnginesAgreeOnTheSystem(t *testing.T) {
	t.Parallel()
	l := lab(t).lab
	plain, fast, end := boot(t, l.System, machine.Plain{}), boot(t, l.System, machine.Fast{}), l.Golden.End
	for position := uint64(0); ; {
		position += end/1000 + position%7
		a, b := plain.Run(faults.Until{Position: position}), fast.Run(faults.Until{Position: position})
		if a != b || plain.Position() != fast.Position() || plain.Now() != fast.Now() || plain.Digest() != fast.Digest() {
			t.Fatalf("plain: %+v at %d, fast: %+v at %d", a, plain.Position(), b, fast.Position())
		}
		if a.Reason != faults.Reached {
			break
		}
	}
	if plain.Position() != end {
		t.Errorf("the system ended at %d, the golden run at %d", plain.Position(), end)
	}
}

// boot is a machine of an engine, before its first instruction.
func boot(t *testing.T, sys experiments.System, engine machine.Engine) faults.Machine {
	t.Helper()
	sys, err := testbed.OnEngine(sys, engine)
	if err != nil {
		t.Fatal(err)
	}
	m, err := sys.Boot()
	if err != nil {
		t.Fatal(err)
	}
	return m
}
