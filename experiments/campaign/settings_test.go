package campaign_test

import (
	"context"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/store"
	"resvirt/internal/toy"
	"resvirt/internal/toyrun"
)

// A campaign's identity does not depend on its settings. Of a setting the allowed
// steps are stored, in the target's order. So if a file describes the same steps in
// another way, existing rows are not run again; the same name for other steps is
// refused.
func TestSameStepsToldOtherwise(t *testing.T) {
	t.Parallel()
	steps := toy.System{}.Steps()
	path := filepath.Join(t.TempDir(), "toy.db")
	with := func(settings ...experiments.Setting) func(*experiments.Experiment, *campaign.Options) {
		return func(e *experiments.Experiment, o *campaign.Options) { e.Settings, o.Runs = settings, 10 }
	}
	run := func(settings ...experiments.Setting) (campaign.Result, error) {
		return toyrun.Run(t, context.Background(), path, with(settings...))
	}
	digest := func() (string, []experiments.Setting) {
		t.Helper()
		db, err := store.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		c, err := db.Campaign()
		if err != nil {
			t.Fatal(err)
		}
		list, err := db.Settings()
		if err != nil {
			t.Fatal(err)
		}
		return c.Digest, list
	}
	if _, err := run(experiments.Setting{Name: "full", Steps: []string{steps[1], steps[0]}}); err != nil {
		t.Fatal(err)
	}
	first, stored := digest()
	if want := []experiments.Setting{{Name: "full", Steps: steps}}; !reflect.DeepEqual(stored, want) {
		t.Errorf("stored %v, want %v", stored, want)
	}
	e, err := experiments.Parse("toy.toml", []byte(`setting = [{name = "basic", steps = ["restart"]}, {name = "full", base = "basic", with = ["patch"]}]`))
	if err != nil {
		t.Fatal(err)
	}
	res, err := run(e.Settings[1])
	if err != nil || res.Session != 0 || res.Done != res.Total {
		t.Errorf("told by another: %+v, %v", res, err)
	}
	if again, _ := digest(); again != first {
		t.Errorf("digests %s and %s", first, again)
	}
	if _, err := run(experiments.Setting{Name: "full", Steps: steps[:1]}); err == nil || !strings.Contains(err.Error(), `setting "full" with steps`) {
		t.Errorf("other steps under the same name: %v", err)
	}
}
