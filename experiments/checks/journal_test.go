package checks_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"resvirt/experiments/campaign"
	"resvirt/experiments/checks"
	"resvirt/internal/toy"
	"resvirt/internal/toyrun"
)

// A self-check that is interrupted again and again goes on where it was, and in the
// end prints the same as one without interruption. It leaves no files behind, and
// removes old ones.
func TestSelfcheckGoesOn(t *testing.T) {
	dir := t.TempDir()
	young, old := filepath.Join(dir, "selfcheck-young"), filepath.Join(dir, "selfcheck-old")
	for _, d := range []string{young, old} {
		if err := errors.Join(os.Mkdir(d, 0o777), os.WriteFile(filepath.Join(d, "journal"), nil, 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(filepath.Join(old, "journal"), time.Unix(0, 0), time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	// check is a self-check that is interrupted when tell says so.
	check := func(dir string, tell func(campaign.Progress) bool) (said []string, err error) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		err = checks.Selfcheck(ctx, toyrun.Experiment(), toy.System{Version: "1"}, checks.Options{
			Runs: 30, Faults: 5, Dir: dir,
			Told: func(c checks.Check) { said = append(said, fmt.Sprintf("%s: %s, %v", c.Name, c.Detail, c.Err)) },
			Teller: campaign.Teller{Tell: func(p campaign.Progress) {
				if tell(p) {
					cancel()
				}
			}},
		})
		return said, err
	}
	want, err := check(t.TempDir(), func(campaign.Progress) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	passed := map[string]int{}
	for _, where := range []string{"snapshots", "rows, workers: 1", "rows to their end", "provoked runs"} {
		_, err := check(dir, func(p campaign.Progress) bool {
			if p.Session == 0 && p.Done < passed[p.Unit] {
				t.Errorf("interrupted in %q it begins again with %d of %d, %d had passed", p.Unit, p.Done, p.Total, passed[p.Unit])
			}
			passed[p.Unit] = p.Done
			return p.Unit == where && p.Session >= 2
		})
		if !errors.Is(err, context.Canceled) || passed[where] < 2 {
			t.Errorf("interrupted in %q: %v, %v", where, err, passed)
		}
	}
	got, err := check(dir, func(p campaign.Progress) bool { return false })
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\ngot  %q\nwant %q", err, got, want)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 || filepath.Join(dir, left[0].Name()) != young {
		t.Errorf("%v is left behind: %v", left, err)
	}
}
