package step

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/explain"
	"resvirt/experiments/stats"
	"resvirt/experiments/store"
	"resvirt/experiments/testbed"
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
	for _, name := range x.s.Run.Steps {
		if contains(full.Steps, name) != contains(basic.Steps, name) {
			x.switches(name)
		}
	}
	x.sees("Draft: without ")
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
	x.sees("no recovery step is under way here")
	if len(x.s.What.switched) != 0 {
		t.Errorf("x before the first step switches %v", x.s.What.switched)
	}
	x.keys("n", "n", "x")
	if name := x.s.Run.Row.Steps[1].Name; len(x.s.What.switched) != 1 || x.s.What.switched[0] != name {
		t.Errorf("switched are %v, under way is %s", x.s.What.switched, name)
	}
	x.sees("without " + x.s.What.switched[0])
	x.keys("x")
	if len(x.s.What.switched) != 0 {
		t.Errorf("x again leaves %v", x.s.What.switched)
	}
	if x.keys("E", "x"); len(x.s.What.switched) != 0 {
		t.Errorf("x at the end switches %v", x.s.What.switched)
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
	for _, name := range x.s.Run.Steps {
		if contains(x.s.Run.Setting.Steps, name) {
			x.switches(name)
			off = append(off, name)
		}
	}
	runs := sharedCampaign(t)
	runs.mu.Lock()
	defer runs.mu.Unlock()
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

// switches switches a step by its name, as it is typed.
func (x *session) switches(name string) {
	x.finds(name)
	x.keys("Enter", " ")
}

func (x *session) finds(text string) {
	x.keys("/")
	for _, r := range text {
		x.keys(key(r))
	}
}

// under is the entry under the cursor.
func (x *session) under() string {
	return x.s.offered(x.s.Run.choices())[x.s.Rows[whatifPane].cursor].name
}

// A step is found by a part of its name, while one types.
func TestFindStep(t *testing.T) {
	t.Parallel()
	x := &session{t: t, s: specimen(80, 24)}
	x.keys("6")
	for _, c := range []struct{ typed, found string }{{"sch", "sched_metadata"}, {"_ack", "nmi_ack"}, {"ack", "ack_interrupts"}, {"the f", "the fault"}} {
		x.finds(c.typed)
		if x.under() != c.found {
			t.Errorf("%q finds %s, not %s", c.typed, x.under(), c.found)
		}
		x.keys("Enter")
	}
	x.finds("zzz")
	x.sees("step: zzz", "no step has zzz in its name")
	if x.keys("Esc"); x.under() != "the fault" {
		t.Errorf("what is not found moves the cursor to %s", x.under())
	}
}

// What is switched can be forgotten with Esc, and each switch is taken back by u, as jumps are, in their order.
func TestSwitchesAreUndone(t *testing.T) {
	t.Parallel()
	x := opened(t, 80, 24, "full", faults.Recovered)
	x.keys("D", "6", "Home")
	x.keys(" ", "Right", " ")
	two := x.s.What.switched
	x.keys("Esc")
	x.sees("forgotten: without the fault")
	if len(two) != 2 || len(x.s.What.switched) != 0 {
		t.Fatalf("after Esc %v are switched, before it %v", x.s.What.switched, two)
	}
	x.keys("u")
	if !slices.Equal(x.s.What.switched, two) {
		t.Errorf("u after Esc gives %v, not %v", x.s.What.switched, two)
	}
	x.keys("u")
	if !slices.Equal(x.s.What.switched, two[:1]) {
		t.Errorf("u again gives %v", x.s.What.switched)
	}
	d := x.s.Now.At
	x.keys("u")
	if len(x.s.What.switched) != 0 || x.s.Now.At != d {
		t.Errorf("u a third time leaves %v at %d", x.s.What.switched, x.s.Now.At)
	}
	if x.keys("u"); x.s.Now.At != x.s.Run.Row.Strike.Position {
		t.Errorf("then u leads to %d, the jump to D came from F", x.s.Now.At)
	}
	x.sees(x.s.Now.Name)
}

// Without its fault the run is the golden one, and the screen says so.
func TestWithoutTheFault(t *testing.T) {
	t.Parallel()
	x := opened(t, 80, 24, "full", faults.Recovered)
	x.keys("6", "z", "Home", " ", "Enter")
	x.sees("What if: without the fault", "B ✓ GOLDEN RUN", "B is the golden run: executed to its end", "part at F")
	if row := x.s.What.forks[0].row; row.EndDigest != x.d.rec.Lab.Golden.Digest || len(row.Verdicts) == 0 || !row.Verdicts[0].Right {
		t.Errorf("it ends as %v with %+v, the golden run as %v", row.EndDigest, row.Verdicts, x.d.rec.Lab.Golden.Digest)
	}
	x.keys("A")
	x.sees("without faults there is nothing to count")
	x.keys("o", "E")
	x.asides()
	if x.s.Now.At != x.s.Run.GoldenEnd || x.s.Known.proof != "ends as the golden run" {
		t.Errorf("its end is at %d, %q", x.s.Now.At, x.s.Known.proof)
	}
	x.sees("full/", "without the fault", "the golden run", "✓ GOLDEN RUN")
}

// In a failed run the steps that explain names as repairs come first, and the cursor stays on its step
// when they are found.
func TestTryFirst(t *testing.T) {
	t.Parallel()
	runs := sharedCampaign(t)
	for _, setting := range runs.settings(t) {
		list, err := runs.failed(setting)
		if err != nil {
			t.Fatal(err)
		}
		for _, index := range list {
			x := openedRun(t, 80, 24, setting, index, "")
			runs.mu.Lock()
			want, err := explain.Run(t.Context(), runs.db, testbed.Stored, setting, index, campaign.Teller{})
			runs.mu.Unlock()
			if err != nil {
				t.Fatal(err)
			}
			if len(want.Helps.Remedies) == 0 {
				continue
			}
			x.keys("6", "z")
			x.finds("patrol")
			x.keys("Enter")
			x.asides()
			first := want.Helps.Remedies[0].Step
			x.sees(first + " (try first)")
			if x.under() != "patrol" {
				t.Errorf("the cursor has moved to %s", x.under())
			}
			if x.keys("Home", "Right"); x.under() != first {
				t.Errorf("%s/%d: explain tries %s, the list begins with %s", setting, index, first, x.under())
			}
			return
		}
	}
	t.Fatal("no failed run among the shared ones has a remedy: give them more faults")
}

func (r *sharedRuns) settings(t *testing.T) (names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list, err := r.db.Settings()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		names = append(names, s.Name)
	}
	return names
}

func (r *sharedRuns) failed(setting string) (indices []int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list, err := r.db.Runs(store.RunFilter{Setting: setting})
	for _, l := range list {
		if row, err := r.db.Row(setting, l.Index); err == nil && row.Outcome.Unsurvived() && len(row.Detections) > 0 {
			indices = append(indices, l.Index)
		}
	}
	return indices, err
}

// Both runs of a what-if move together, to the same position of each, side by side where there is room;
// o shows the other one where there is not. Where they part is said.
func TestBesideEachOther(t *testing.T) {
	t.Parallel()
	x := opened(t, 160, 48, "full", faults.Recovered)
	x.keys("B")
	x.sees("there is no other run yet")
	name := x.s.Run.Row.Steps[1].Name
	x.keys("6")
	x.switches(name)
	x.keys("Enter", "B", "D")
	a, b := x.s.Run, x.s.Now.Of
	if b == nil || b.Change != "without "+name {
		t.Fatalf("beside A is %+v", b)
	}
	x.sees("▶A full/", "B full/", "without "+name, "A and B are the same up to "+x.s.What.forks[0].partIn)
	for range 4 {
		x.keys("n")
		m, o := x.d.rec.Run, x.d.forks[b.Change].Run
		if at := min(m.Position(), o.End()); o.Position() != at {
			t.Errorf("A is at %d, B at %d", m.Position(), o.Position())
		}
		if x.s.Now.At <= x.s.What.forks[0].partAt {
			if r := faults.RIP; m.Machine().Register(0, r) != o.Machine().Register(0, r) {
				t.Errorf("A and B differ at %d, before they part at %d", x.s.Now.At, x.s.What.forks[0].partAt)
			}
		}
	}
	x.types(fmt.Sprint(x.s.What.forks[0].partAt + 1))
	x.sees("A and B parted at "+x.s.What.forks[0].partIn+", 1 instruction ago", "CPU")
	contents := x.s.Now.Other.Facts[registersPane].(*contents)
	if got, want := contents.this[0], x.d.forks[b.Change].Run.Machine().Register(contents.cpu, 0); got != want {
		t.Errorf("B's registers have rax %#x, its machine %#x", got, want)
	}
	x.keys("o")
	x.sees("▶B full/", "A full/")
	if x.s.Now.Of.Row != a.Row {
		t.Error("beside B is not A")
	}
	x.send(resized{80, 24})
	x.keys(".")
	x.sees(" ▶B full/", "A and B parted at ")
	x.keys("o")
	x.sees(" ▶A full/")
	x.keys("B", ".")
	if x.s.Now.Other != nil || strings.Contains(x.screen(), "▶A full/") {
		t.Error("B again does not end it")
	}
}

// Arrows move in the list as it is seen: to the line above or below, to the entry before or behind.
func TestArrowsInTheList(t *testing.T) {
	t.Parallel()
	x := &session{t: t, s: specimen(80, 24)}
	x.keys("6", "z")
	at := inFlow(x.s.offered(x.s.Run.choices()), 78)
	cursor := func() int { return x.s.Rows[whatifPane].cursor }
	x.keys("Right", "Right")
	if cursor() != 2 {
		t.Fatalf("two to the right is entry %d", cursor())
	}
	x.keys("Down")
	if at[cursor()].y != 1 || abs(at[cursor()].x-at[2].x) > 10 {
		t.Errorf("below %+v is %+v", at[2], at[cursor()])
	}
	if x.keys("Down"); cursor() != len(at)-1 {
		t.Errorf("below the last line is entry %d", cursor())
	}
	if x.keys("Up", "Up"); cursor() != 0 {
		t.Errorf("above the first line is entry %d", cursor())
	}
	x.sees(">●the fault")
}

// Keys that come before the pane has been looked at are not lost.
func TestFastKeysInWhatIf(t *testing.T) {
	t.Parallel()
	s := specimen(80, 24)
	now := *s.Now
	now.Facts = [panes]any{}
	s.Now = &now
	var c command
	for _, k := range []key{"6", "Home", " ", "Enter"} {
		s, c = update(s, k)
	}
	if got, ok := c.(fork); !ok || !got.faultless {
		t.Errorf("6 Home Space Enter leads to %+v, with %v switched", c, s.What.switched)
	}
}
