package engines

import (
	"slices"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/hw/machine"
)

// lab is a shipped experiment with its golden run, and a machine of the plain
// engine for it.
func lab(t *testing.T, name string) (e experiments.Experiment, l *campaign.Lab, plain faults.Machine) {
	t.Helper()
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	e, _, err := experiments.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	sys, err := testbed.Build(e, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if l, err = campaign.NewLab(e, sys); err != nil {
		t.Fatal(err)
	}
	if sys, err = testbed.OnEngine(sys, machine.Plain{}); err != nil {
		t.Fatal(err)
	}
	plain, err = sys.Boot()
	if err != nil {
		t.Fatal(err)
	}
	return e, l, plain
}

// chosen are the first and the last setting of an experiment, which differ most, and
// those with a step that the chosen ones lack.
func chosen(list []experiments.Setting) []experiments.Setting {
	var some []experiments.Setting
	seen := map[string]bool{}
	for i, s := range list {
		last := list[len(list)-1].Steps
		adds := func(step string) bool { return !seen[step] && !slices.Contains(last, step) }
		if i == 0 || i == len(list)-1 || slices.ContainsFunc(s.Steps, adds) {
			some = append(some, s)
			for _, step := range s.Steps {
				seen[step] = true
			}
		}
	}
	return some
}

// No outcome depends on the engine: some faults of each shipped experiment. The
// plain one starts from the fast one's snapshots.
func TestEnginesAgreeOnFaults(t *testing.T) {
	for _, name := range experiments.Shipped() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, l, plain := lab(t, name)
			settings := chosen(e.Settings)
			for i := range min(2, len(e.Faults.Types)) { // the types take turns
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
