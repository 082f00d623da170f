package step

import (
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/faults"
)

// A recovery step is switched off and the run executed so: A beside B. The outcome is that
// which the experiment's own setting without the steps has for the same fault.
func TestWhatIf(t *testing.T) {
	t.Parallel()
	x := opened(t, 160, 48, "full", faults.Recovered)
	full := x.s.Run.Setting
	basic := x.d.rec.Lab.Experiment.Settings[0]
	x.keys("6")
	for i, name := range x.s.Run.Steps {
		x.s.Rows[whatifPane].cursor = i
		if contains(full.Steps, name) != contains(basic.Steps, name) {
			x.keys(" ")
		}
	}
	x.keys("Enter")
	want, err := x.d.campaign.Execute(t.Context(), x.s.Run.Row.Index, experiments.Setting{Name: full.Name, Steps: basic.Steps})
	if err != nil {
		t.Fatal(err)
	}
	if len(x.s.What.forks) != 1 || x.s.What.forks[0].row.EndDigest != want.Row.EndDigest {
		t.Fatalf("the fork is not the run of setting %s: %+v, %s", basic.Name, x.s.What.forks, x.s.Say)
	}
	mark, _ := outcomeMark(want.Row)
	x.sees("A ✓ RECOVERED", "B "+mark)
	a := x.s.Run
	x.keys("o")
	if x.s.Run.Row.EndDigest != want.Row.EndDigest || !strings.Contains(x.screen(), x.s.Run.Change[:20]) {
		t.Errorf("o does not lead to the fork: %s", x.s.Say)
	}
	x.keys("E")
	if x.s.Now.At != want.Row.EndPosition {
		t.Errorf("its end is at %d, not %d", x.s.Now.At, want.Row.EndPosition)
	}
	x.keys("o")
	if x.s.Run.Row != a.Row {
		t.Error("o does not lead back")
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// x switches the step under way.
func TestSwitchHere(t *testing.T) {
	t.Parallel()
	x := opened(t, 80, 24, "full", faults.Recovered)
	x.keys("D", "x")
	x.sees("no recovery step has begun here")
	x.keys("n", "n", "x")
	if name := x.s.Run.Row.Steps[1].Name; len(x.s.What.switched) != 1 || x.s.What.switched[0] != name {
		t.Errorf("switched are %v, under way is %s", x.s.What.switched, name)
	}
	x.sees("without " + x.s.What.switched[0])
	x.keys("x")
	if len(x.s.What.switched) != 0 {
		t.Errorf("x again leaves %v", x.s.What.switched)
	}
}
