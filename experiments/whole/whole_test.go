package whole

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/checks"
	"resvirt/experiments/retrace"
	"resvirt/experiments/store"
	"resvirt/experiments/testbed"
)

// quick is a shipped experiment, with its file, and its golden run, shared by
// the tests because it takes seconds.
type quick struct {
	exp  experiments.Experiment
	text []byte
	lab  *campaign.Lab
}

var shared = sync.OnceValues(func() (*quick, error) {
	e, text, err := experiments.Load("quick")
	if err != nil {
		return nil, err
	}
	sys, err := testbed.Build(e, func(string) {})
	if err != nil {
		return nil, err
	}
	l, err := campaign.NewLab(e, sys)
	return &quick{e, text, l}, err
})

func lab(t *testing.T) *quick {
	t.Helper()
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	q, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// A database is all that a replay needs, whatever worker wrote the row.
func TestRealRowsReplay(t *testing.T) {
	t.Parallel()
	q := lab(t)
	path := filepath.Join(t.TempDir(), "quick.db")
	_, err := campaign.Run(context.Background(), q.exp, q.lab.System, campaign.Options{
		Path: path, Text: q.text, Runs: 2, Workers: 2, Stage: func(string) {}, Progress: func(campaign.Progress) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	refs, err := db.Runs(store.RunFilter{})
	if err != nil || len(refs) != 4*len(q.exp.Settings) {
		t.Fatalf("%d rows: %v", len(refs), err)
	}
	for _, ref := range refs[len(refs)-3:] {
		r, err := retrace.Execute(t.Context(), db, testbed.Stored, ref.Setting, ref.Index, 10, campaign.Teller{})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Differences) > 0 {
			t.Errorf("%s: %v", ref, r.Differences)
		}
		if r.Trace == nil || len(r.Trace.Fault) != 10 || r.Trace.Fault[r.Trace.Struck].Position != r.Row.Strike.Position {
			t.Errorf("%s: the trace does not show the fault", ref)
		}
	}
}

func TestRealSelfcheck(t *testing.T) {
	t.Parallel()
	q := lab(t)
	err := checks.Selfcheck(context.Background(), q.exp, q.lab.System, checks.Options{Runs: 10, Faults: 3, Dir: t.TempDir(), Told: func(c checks.Check) {
		if c.Err != nil {
			t.Errorf("%s: %v", c.Name, c.Err)
		}
	}})
	if err != nil {
		t.Error(err)
	}
}
