package explain

import (
	"slices"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/recording"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/vi/inspect"
)

// followed executes runs of quick under a setting until one is as wanted.
func followed(t *testing.T, setting string, wanted func(*experiments.Row, *Explanation) bool) (*explainer, *experiments.Row, experiments.Setting, *Explanation) {
	t.Helper()
	l := quickLab(t)
	a, err := testbed.AnatomyOf(l.System)
	if err != nil {
		t.Fatal(err)
	}
	x := newExplainer(l, a, recording.SourcesOf(l.System.Parts()))
	i := slices.IndexFunc(l.Experiment.Settings, func(s experiments.Setting) bool { return s.Name == setting })
	s := l.Experiment.Settings[i]
	for n := 0; n < 60; n += 2 { // even faults are failstop
		row := x.Unit(n, []experiments.Setting{s})[0]
		if len(row.Detections) == 0 {
			continue
		}
		e := &Explanation{Run: row.Run()}
		if err := x.follow(e, &row, s); err != nil {
			t.Fatal(err)
		}
		if wanted(&row, e) {
			return x, &row, s, e
		}
	}
	t.Fatalf("no run of %s is as wanted", setting)
	return nil, nil, s, nil
}

// Changes by the boot of a new instance and by other CPUs are not credited to the
// last announced step, and every change has an owner.
func TestChangesAreCreditedToWhoMadeThem(t *testing.T) {
	t.Parallel()
	_, row, _, e := followed(t, "full", func(_ *experiments.Row, e *Explanation) bool {
		return slices.ContainsFunc(e.Steps, func(s Effect) bool {
			return slices.ContainsFunc(s.Beside, func(b Beside) bool { return strings.HasPrefix(b.Who, "what went on") })
		})
	})
	t.Log(row.Run())
	wrong := map[inspect.Where]bool{}
	for _, v := range append(slices.Clone(e.Detection.Violations), e.Detection.Golden...) {
		wrong[v.Where()] = true
	}
	apply := func(c *Changes) {
		for _, v := range c.Repaired {
			delete(wrong, v.Where())
		}
		for _, v := range c.Broken {
			wrong[v.Where()] = true
		}
	}
	boots, counted := 0, 0
	for _, s := range e.Steps {
		apply(&s.Changes)
		for _, b := range s.Beside {
			apply(&b.Changes)
			if strings.HasPrefix(b.Who, newBoot) {
				boots += len(b.Repaired) + len(b.Broken)
			}
		}
		switch s.Name {
		case "nmi_ipi", "nmi_ack", "ack_interrupts", "microreboot":
			if bad := slices.IndexFunc(append(slices.Clone(s.Repaired), s.Broken...), func(v inspect.Violation) bool { return v.Kind != inspect.Interrupts }); bad >= 0 {
				t.Errorf("%s has changed %+v", s.Name, s.Changes)
			}
		case "page_frames":
			counted += len(s.Repaired)
		}
		if len(s.Repaired)+len(s.Broken) > 0 && s.Name == "recovery complete" {
			t.Errorf("the end of recovery has changed %+v", s.Changes)
		}
	}
	// A new instance forgets its lists of free pages, and page_frames makes them again.
	if boots < 1000 || counted < 1000 {
		t.Errorf("the boot of the new instance changed %d things, page_frames repaired %d", boots, counted)
	}
	left := map[inspect.Where]bool{}
	for _, v := range e.Left {
		left[v.Where()] = true
	}
	for w := range wrong {
		if !left[w] {
			t.Errorf("nobody repaired %v, and it is right at the end", w)
		}
	}
	for w := range left {
		if !wrong[w] {
			t.Errorf("nobody broke %v, and it is wrong at the end", w)
		}
	}
}

// For a failed run, explain names the steps that a run which survived the same fault
// needed, and which of the remaining violations they repaired there.
func TestPairedRunKnowsTheRemedy(t *testing.T) {
	t.Parallel()
	x, row, s, e := followed(t, "basic", func(row *experiments.Row, e *Explanation) bool {
		return row.Outcome.Unsurvived() && len(e.Left) > 0
	})
	full := x.Experiment.Settings[len(x.Experiment.Settings)-1]
	other := x.Unit(row.Index, []experiments.Setting{full})[0]
	if other.Outcome != faults.Recovered {
		t.Fatalf("%s: %s", other.Run(), other.Outcome)
	}
	if err := x.remedies(e, row, s, []pairedRow{{&other, full}}); err != nil {
		t.Fatal(err)
	}
	needed, repaired := 0, 0
	for _, r := range e.Helps.Remedies {
		if slices.Contains(s.Steps, r.Step) || !slices.Contains(full.Steps, r.Step) || r.Without == "" || r.With == "" || !r.Needed && len(r.Repairs) == 0 {
			t.Errorf("%+v", r)
		}
		if r.Needed {
			needed++
		}
		repaired += len(r.Repairs)
		for _, v := range r.Repairs {
			if !slices.ContainsFunc(e.Left, func(l inspect.Violation) bool { return l.Where() == v.Where() }) {
				t.Errorf("%s repaired %v, which was not left", r.Step, v)
			}
		}
	}
	// That each of some steps is needed does not mean that all of them together
	// are enough.
	if needed == 0 || repaired == 0 || (len(e.Helps.Remedies) > 1) != (e.Helps.WithAll != "") {
		t.Errorf("%s: %+v", other.Run(), e.Helps)
	}
}
