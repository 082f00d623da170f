package report_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/report"
	"resvirt/experiments/store"
	"resvirt/internal/toy"
	"resvirt/internal/toyrun"
)

// versusToy runs two campaigns of the toy and compares them.
func versusToy(t *testing.T, edited toy.System, match map[string]string, change func(*experiments.Experiment)) *report.Versus {
	t.Helper()
	var dbs []*store.DB
	for i, sys := range []toy.System{{Version: "1"}, edited} {
		path := filepath.Join(t.TempDir(), "toy.db")
		e, text := toyrun.Experiment(), toyrun.Text
		if i == 1 && change != nil {
			change(&e)
		}
		o := campaign.Options{Path: path, Workers: 2, Runs: 100, Text: []byte(text), Stage: func(string) {}, Progress: func(campaign.Progress) {}}
		if _, err := campaign.Run(context.Background(), e, sys, o); err != nil {
			t.Fatal(err)
		}
		db, err := store.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		dbs = append(dbs, db)
	}
	v, err := report.Compare(dbs[0], dbs[1], match)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Another version of an image gets the same faults, so that the effect of an edit is
// seen fault by fault.
func TestVersionsMeetTheSameFaults(t *testing.T) {
	v := versusToy(t, toy.System{Version: "2"}, nil, func(e *experiments.Experiment) {
		e.Settings[2].Steps = e.Settings[1].Steps // the edit: full no longer does what patch did
	})
	if len(v.Cells) != 6 {
		t.Fatalf("%d cells", len(v.Cells))
	}
	for _, c := range v.Cells {
		applied := &c.Rates[0]
		if applied.Rate != "unsurvived_of_applied" || c.Same != applied.NA || !applied.Paired {
			t.Errorf("%s %s: %d same faults, %+v", c.SettingA, c.Fault, c.Same, applied)
		}
		for _, r := range c.Rates {
			if worse := r.Rate == "unsurvived_of_applied" && c.SettingA == "full"; worse && (r.OnlyB == 0 || r.OnlyA != 0 || !r.Significant) {
				t.Errorf("%s %s: patch is gone, and nothing is worse: %+v", c.SettingA, c.Fault, r)
			} else if c.SettingA != "full" && (r.OnlyA+r.OnlyB != 0 || r.Significant) {
				t.Errorf("%s %s: nothing was edited, and yet %+v", c.SettingA, c.Fault, r)
			}
		}
		for _, l := range c.Latencies {
			if l.NA > 0 && l.NB > 0 && (l.Significant || *l.Change != 0) {
				t.Errorf("%s %s: %+v", c.SettingA, c.Fault, l)
			}
		}
	}
	want := []string{"the systems differ: toy 1 in A, toy 2 in B", "setting full: B lacks patch"}
	if strings.Join(v.Notes, "\n") != strings.Join(want, "\n") {
		t.Errorf("notes %q, want %q", v.Notes, want)
	}
}

// With another seed no fault is the same, and rates are compared as independent ones.
func TestOtherSeedsAreNotPaired(t *testing.T) {
	v := versusToy(t, toy.System{Version: "1"}, map[string]string{"basic": "full"}, func(e *experiments.Experiment) { e.Seed = 2 })
	if len(v.Cells) != 2 || len(v.Notes) != 2 || !strings.Contains(v.Notes[0], "other seeds (1 and 2)") || !strings.Contains(v.Notes[1], "basic=full: B has patch") {
		t.Fatalf("%d cells, notes %q", len(v.Cells), v.Notes)
	}
	for _, c := range v.Cells {
		// Half of the toy's 18 registers have no effect, so that a few faults are the same
		// by chance.
		r := c.Rates[0]
		if c.Fault == "register" && (r.Paired || c.Same > 15) {
			t.Errorf("%d same faults, %+v", c.Same, r)
		}
		if r.Significant != (c.Fault == "failstop") || *r.Difference >= 0 || *r.Low > *r.Difference || *r.High < *r.Difference {
			t.Errorf("%s: basic lost all of 100 failstops and 22 registers, full none and 12: %+v", c.Fault, r)
		}
	}
}
