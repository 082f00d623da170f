package campaign_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"

	_ "github.com/mattn/go-sqlite3"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/internal/toyrun"
)

// A campaign of 10^9 runs begins, and takes no more memory for its plan than a small
// one, also when it is continued.
func TestBillionRunsArePlanned(t *testing.T) {
	path := filepath.Join(t.TempDir(), "toy.db")
	// begin is the number of bytes that a campaign has taken when its first run
	// begins.
	begin := func(runs, settings int) (bytes uint64, total int) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		res, err := toyrun.Run(t, ctx, path, func(e *experiments.Experiment, o *campaign.Options) {
			e.Settings, o.Runs = e.Settings[:settings], runs
			o.Progress = func(p campaign.Progress) {
				if p.Unit != "" {
					return
				}
				if cancel(); after.TotalAlloc == 0 {
					runtime.ReadMemStats(&after)
				}
			}
		})
		if err != nil || !res.Interrupted {
			t.Fatalf("%d runs: %+v %v", runs, res, err)
		}
		return after.TotalAlloc - before.TotalAlloc, res.Total
	}
	for _, there := range []int{0, 50} { // a new campaign, and one that has rows
		if there > 0 {
			if _, err := toyrun.Run(t, t.Context(), path, func(_ *experiments.Experiment, o *campaign.Options) { o.Runs = there }); err != nil {
				t.Fatal(err)
			}
			gaps(t, path)
		}
		small, _ := begin(60, 2)
		large, total := begin(250_000_000, 2)
		if total != 1_000_000_000 || large > small+1<<20 {
			t.Errorf("%d runs took %d bytes before the first one began, 240 took %d", total, large, small)
		}
	}
}

// A larger campaign is refused before anything is made.
func TestMoreThanABillionRunsAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "toy.db")
	for _, runs := range []int{166_666_667, 1 << 62} {
		_, err := toyrun.Run(t, t.Context(), path, func(_ *experiments.Experiment, o *campaign.Options) { o.Runs = runs })
		want := fmt.Sprintf("toy: %d faults of each of 2 types under 3 settings are more than the 1000000000 runs that a campaign can have: runs, or --runs, may be at most 166666666", runs)
		if err == nil || err.Error() != want {
			t.Errorf("%d: %v", runs, err)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("there is a database")
	}
}

// gaps takes rows out of a database at random.
func gaps(t *testing.T, path string) (taken int64) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r := rand.New(rand.NewPCG(3, 4))
	for _, s := range toyrun.Experiment().Settings {
		for _, where := range []string{
			fmt.Sprintf("idx %% %d = %d", 2+r.IntN(5), r.IntN(2)), fmt.Sprintf("idx BETWEEN %d AND %d", r.IntN(60), 60+r.IntN(60)), "idx > 190",
		} {
			done, err := db.Exec("DELETE FROM runs WHERE setting = ? AND "+where, s.Name)
			if err != nil {
				t.Fatal(err)
			}
			n, _ := done.RowsAffected() // which SQLite knows
			taken += n
		}
	}
	return taken
}

// A campaign with gaps, different for each setting, runs what is missing, in the
// order of the faults, and gets the same rows.
func TestGapsAreFilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "toy.db")
	some := func(_ *experiments.Experiment, o *campaign.Options) { o.Runs = 100 }
	if _, err := toyrun.Run(t, t.Context(), path, some); err != nil {
		t.Fatal(err)
	}
	want := toyrun.Rows(t, path)
	taken := gaps(t, path)
	if taken < 100 || int(taken) > len(want)-100 {
		t.Fatalf("%d of %d rows were taken out", taken, len(want))
	}
	var first campaign.Progress
	res, err := toyrun.Run(t, t.Context(), path, func(e *experiments.Experiment, o *campaign.Options) {
		some(e, o)
		o.Progress = func(p campaign.Progress) {
			if first.Total == 0 && p.Unit == "" {
				first = p
			}
		}
	})
	if err != nil || res.Session != int(taken) || first.Done != len(want)-int(taken) || res.Done != len(want) {
		t.Errorf("%d rows were taken out of %d; it began at %d and did %d: %v", taken, len(want), first.Done, res.Session, err)
	}
	got := toyrun.Rows(t, path)
	for name, row := range want {
		if !reflect.DeepEqual(got[name], row) {
			t.Errorf("%s is another row", name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d rows, there were %d", len(got), len(want))
	}
}
