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
	"resvirt/internal/toyrun"
)

// A campaign that has not all the runs that were asked for says so, wherever its
// rates are shown, and one that has them does not.
func TestUnfinishedCampaignsSaySo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "toy.db")
	finished := filepath.Join(t.TempDir(), "finished.db")
	for _, p := range []string{path, finished} {
		if _, err := toyrun.Run(t, context.Background(), p, func(_ *experiments.Experiment, o *campaign.Options) { o.Runs = 4 }); err != nil {
			t.Fatal(err)
		}
	}
	expectPlan(t, path, finished, "", 4)
	one := 6
	if _, err := toyrun.Run(t, context.Background(), path, func(_ *experiments.Experiment, o *campaign.Options) { o.Only, o.Runs = &one, 10 }); err != nil {
		t.Fatal(err)
	}
	expectPlan(t, path, finished, "", 4) // a look at one fault asks for no more
	ctx, stop := context.WithCancel(context.Background())
	stop()
	_, err := toyrun.Run(t, ctx, path, func(_ *experiments.Experiment, o *campaign.Options) {
		o.Runs = 10
	})
	if err == nil {
		t.Fatal("a campaign that was stopped before it began has come to its end")
	}
	expectPlan(t, path, finished, "", 4) // neither does one that never began
	ctx, stop = context.WithCancel(context.Background())
	res, err := toyrun.Run(t, ctx, path, func(_ *experiments.Experiment, o *campaign.Options) {
		o.Runs, o.Workers = 10_000, 1
		o.Progress = func(p campaign.Progress) {
			if p.Total == 60_000 && p.Session > 0 {
				stop()
			}
		}
	})
	if err != nil || !res.Interrupted {
		t.Fatalf("stopped: %+v, %v", res, err)
	}
	if done := text(t, path); !strings.Contains(done, " of 60000 runs: `run` goes on\n") {
		t.Errorf("report of a campaign that was stopped:\n%s", done[:min(len(done), 300)])
	}
	expectPlan(t, path, finished, " of 60000 runs: `run` goes on", 10_000)
}

func text(t *testing.T, path string) string {
	t.Helper()
	var b strings.Builder
	if err := reportOf(t, path).Text(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func reportOf(t *testing.T, path string) *report.Report {
	t.Helper()
	db, err := store.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := report.Of(db)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// expectPlan looks at all forms: want is what the first database says of itself.
func expectPlan(t *testing.T, path, finished, want string, each int) {
	t.Helper()
	if got := text(t, path); strings.Contains(got, "goes on") != (want != "") || !strings.Contains(got, want) {
		t.Errorf("report wants %q:\n%s", want, got[:min(len(got), 300)])
	}
	for _, c := range reportOf(t, path).Cells {
		if c.Planned == nil || *c.Planned != each {
			t.Errorf("%s %s: planned %v, want %d", c.Setting, c.Fault, c.Planned, each)
		}
	}
	a, err := store.OpenReader(finished)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := store.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	v, err := report.Compare(a, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(v.Notes, "\n")
	if strings.Contains(notes, "B is unfinished") != (want != "") || !strings.Contains(notes, want) || strings.Contains(notes, "A is unfinished") {
		t.Errorf("notes of a comparison want %q: %s", want, notes)
	}
}
