package explain

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/store"
	"resvirt/internal/toyrun"
)

// toyDB is a database with a campaign of the toy.
func toyDB(t *testing.T, runs int) *store.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "toy.db")
	_, err := toyrun.Run(t, t.Context(), path, func(_ *experiments.Experiment, o *campaign.Options) { o.Runs = runs })
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

var errOpened = errors.New("a system is needed")

func noSystem(experiments.Experiment, []experiments.Part) (experiments.System, error) {
	return nil, errOpened
}

// A search for causes that is interrupted has kept what it found, and the next one
// goes on from there.
func TestCausesAreKeptOneByOne(t *testing.T) {
	db := toyDB(t, 30)
	failed, err := db.Failed(store.CauseFilter{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const enough = 3
	_, err = CausesOf(ctx, db, toyrun.Stored, store.CauseFilter{}, campaign.Teller{Tell: func(p campaign.Progress) {
		if p.Unit == CausesUnit && p.Session >= enough {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	kept, err := db.KnownCauses(causesVersion)
	if err != nil {
		t.Fatal(err)
	}
	if len(kept) < enough || len(kept) >= len(failed) {
		t.Fatalf("%d causes of %d are kept", len(kept), len(failed))
	}
	var first, last campaign.Progress
	all, err := CausesOf(t.Context(), db, toyrun.Stored, store.CauseFilter{}, campaign.Teller{Tell: func(p campaign.Progress) {
		if last = p; first.Total == 0 {
			first = p
		}
	}})
	if err != nil || first.Done < len(kept) || last.Done != len(failed) || last.Total != len(failed) {
		t.Errorf("%d of %d were kept; it began with %+v and ended with %+v: %v", len(kept), len(failed), first, last, err)
	}
	again, err := CausesOf(t.Context(), db, noSystem, store.CauseFilter{}, campaign.Teller{})
	if err != nil || !reflect.DeepEqual(again, all) {
		t.Errorf("from what is kept: %v", err)
	}
}

// An explanation is put together from the kept parts; only those that are
// missing, or were kept by another program, are made again.
func TestPartsOfExplanationsAreKept(t *testing.T) {
	db := toyDB(t, 5)
	kept, err := findingsIn(db)
	if err != nil {
		t.Fatal(err)
	}
	row, err := db.Row("full", 0)
	if err != nil {
		t.Fatal(err)
	}
	explain := func() (*Explanation, error) {
		return Run(t.Context(), db, noSystem, "full", 0, campaign.Teller{})
	}
	want := &Explanation{Run: "full/0", Outcome: "lost", Steps: []Effect{{Name: "restart", CPU: 1}}}
	end := End{Cause: ParseCause("it was tired"), Evidence: []Fact{said("it said so")}}
	for _, step := range []struct {
		name string
		do   func() error
		open bool // a system is needed
	}{
		{"nothing is kept", func() error { return nil }, true},
		{"the moments are", func() error { return kept.keep(momentsOf(row), want) }, true},
		{"another program's end is", func() error { return db.KeepFinding(endOf(row), "another", end) }, true},
		{"both are", func() error { return kept.keep(endOf(row), end) }, false},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		e, err := explain()
		if step.open != errors.Is(err, errOpened) {
			t.Errorf("%s: %v", step.name, err)
		}
		if !step.open {
			if want.End = end; !reflect.DeepEqual(e, want) {
				t.Errorf("%s: %+v, want %+v", step.name, e, want)
			}
		}
	}
}
