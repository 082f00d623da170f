package step

import (
	"fmt"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/stats"
	"resvirt/experiments/store"
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

// The same change over all faults of the type: what the screen counts is what each fault's stored
// row and its run under the changed setting give, and the interval is that of pairs. Its progress
// is told under its own name.
func TestWhatIfOfAllFaults(t *testing.T) {
	t.Parallel()
	x := opened(t, 160, 48, "full", faults.Recovered)
	type told struct {
		what string
		of   uint64
	}
	var progress []told
	what := "golden run" // which a teller told of before
	x.d.teller = campaign.Teller{Say: func(text string) { what = text }, Tell: func(p campaign.Progress) { progress = append(progress, told{what, uint64(p.Total)}) }}
	x.keys("6")
	var off []string
	for i, name := range x.s.Now.Facts[whatifPane].(*choices).names() {
		if contains(x.s.Run.Setting.Steps, name) {
			x.s.Rows[whatifPane].cursor = i
			x.keys(" ")
			off = append(off, name)
		}
	}
	x.keys("A")

	kind := x.s.Run.Row.Plan.Kind.String()
	list, err := x.d.db.Runs(store.RunFilter{Setting: "full"})
	if err != nil {
		t.Fatal(err)
	}
	pairs, onlyStored, onlyNow, all := 0, 0, 0, 0
	for _, l := range list {
		if l.Fault != kind {
			continue
		}
		all++
		stored, err := x.d.db.Row("full", l.Index)
		if err != nil {
			t.Fatal(err)
		}
		now, err := x.d.campaign.Execute(t.Context(), l.Index, experiments.Setting{Name: "full"})
		if err != nil {
			t.Fatal(err)
		}
		if stored.Strike == nil {
			continue
		}
		pairs++
		switch a, b := stored.Outcome.Unsurvived(), now.Row.Outcome.Unsurvived(); {
		case a && !b:
			onlyStored++
		case b && !a:
			onlyNow++
		}
	}
	if len(off) == 0 || onlyNow == 0 {
		t.Fatalf("the shared runs have nothing to count: %d without %v", onlyNow, off)
	}
	i := stats.PairedDifference(onlyNow, onlyStored, pairs)
	screen := strings.Join(strings.Fields(strings.ReplaceAll(x.screen(), "│", " ")), " ")
	for _, text := range []string{
		fmt.Sprintf("of %d such faults, %d fail only without", pairs, onlyNow),
		fmt.Sprintf("and %d only without that change: %+.1f %% failures, paired 95 %% interval %+.1f to %+.1f", onlyStored, 100*float64(onlyNow-onlyStored)/float64(pairs), 100*i.Low, 100*i.High),
	} {
		if !strings.Contains(screen, text) {
			t.Errorf("the screen does not say %q:\n%s", text, x.screen())
		}
	}
	if n := len(progress); n == 0 || progress[n-1] != (told{kind + " faults without " + strings.Join(off, ", "), uint64(all)}) {
		t.Errorf("progress is told as %+v", progress)
	}
}

func (c *choices) names() (list []string) {
	for _, s := range c.steps {
		list = append(list, s.name)
	}
	return list
}
