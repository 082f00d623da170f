package engines

import (
	"testing"

	"resvirt/experiments"
	"resvirt/faults"
	"resvirt/hw/machine"
)

// lab is a shipped experiment with its golden run, and a machine of the plain
// engine for it.
func lab(t *testing.T, name string) (e experiments.Experiment, l *experiments.Lab, plain faults.Machine) {
	t.Helper()
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	e, _, err := experiments.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	sys, err := experiments.BuildSystem(e, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if l, err = experiments.NewLab(e, sys); err != nil {
		t.Fatal(err)
	}
	return e, l, boot(t, sys, machine.Plain{})
}

// boot is a machine of an engine, before its first instruction.
func boot(t *testing.T, sys experiments.System, engine machine.Engine) faults.Machine {
	t.Helper()
	sys, err := experiments.OnEngine(sys, engine)
	if err != nil {
		t.Fatal(err)
	}
	m, err := sys.Boot()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Two engines, one result: the whole system from power-on to its end in both,
// compared at a thousand positions.
func TestEnginesAgreeOnTheSystem(t *testing.T) {
	t.Parallel()
	_, l, plain := lab(t, "quick")
	fast, end := boot(t, l.System(), machine.Fast{}), l.Golden().End
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

// Nor does any outcome depend on the engine: some faults of each shipped
// experiment. The plain one starts from the fast one's snapshots.
func TestEnginesAgreeOnFaults(t *testing.T) {
	for _, name := range experiments.Shipped() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, l, plain := lab(t, name)
			settings := e.Settings[:min(len(e.Settings), 3)]
			for i := range 2 {
				a, b := l.Trials(plain, i, settings), l.Trials(nil, i, settings)
				for k := range a {
					different, err := experiments.Compare(&a[k], &b[k])
					if err != nil || len(different) != 0 {
						t.Errorf("%s: plain and fast engine: %v %v", a[k].Run(), different, err)
					}
				}
			}
		})
	}
}
