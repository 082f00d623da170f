package campaign_test

import (
	"context"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/internal/toyrun"
)

// A fault that is run alone gets the same rows as in the whole campaign, and the
// campaign then keeps them.
func TestOneFault(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := func(path string, runs int, only *int) (campaign.Result, error) {
		return toyrun.Run(t, context.Background(), path, func(_ *experiments.Experiment, o *campaign.Options) { o.Runs, o.Only = runs, only })
	}
	whole, alone := filepath.Join(dir, "whole.db"), filepath.Join(dir, "alone.db")
	if _, err := run(whole, 10, nil); err != nil {
		t.Fatal(err)
	}
	all := toyrun.Rows(t, whole)
	for _, index := range []int{7, 0, 19, 7} {
		res, err := run(alone, 10, &index)
		if err != nil || res.Done != 3 || res.Total != 3 {
			t.Fatalf("fault %d: %+v, %v", index, res, err)
		}
	}
	rows := toyrun.Rows(t, alone)
	if len(rows) != 9 {
		t.Errorf("%d rows of three faults", len(rows))
	}
	for name, r := range rows {
		if !reflect.DeepEqual(r, all[name]) {
			t.Errorf("%s is another run alone", name)
		}
	}
	tooFar := 20
	if _, err := run(alone, 10, &tooFar); err == nil || !strings.Contains(err.Error(), "toy has 20 faults, 0 to 19: there is no fault 20") {
		t.Errorf("fault 20: %v", err)
	}
	if res, err := run(alone, 10, nil); err != nil || res.Session != len(all)-9 || !reflect.DeepEqual(toyrun.Rows(t, alone), all) {
		t.Errorf("the whole campaign after three faults: %+v, %v", res, err)
	}
}
