package checks_test

import (
	"bytes"
	"context"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/checks"
	"resvirt/experiments/retrace"
	"resvirt/experiments/store"
	"resvirt/faults"
	"resvirt/internal/toy"
	"resvirt/internal/toyrun"
)

const kindsText = `name = "toy"
runs = 15
faults = {types = ["failstop", "register", "code", "code_kept", "memory", "software"], instructions = 50, per_run = 3}
deadline = {detection_us = 10, recovery_us = 10}
golden = {snapshots = 8, digests = 80, misses = 4}
setting = [{name = "none"}, {name = "full", steps = ["restart", "patch"]}]
`

// The tool's checks of itself hold for all types, with one fault a run and with
// several: above all, that the changes in rows were really made.
func TestSelfcheckOfAllTypes(t *testing.T) {
	for _, perRun := range []int{1, 3} {
		e, err := experiments.Parse("toy", []byte(kindsText))
		if err != nil {
			t.Fatal(err)
		}
		e.Faults.PerRun = perRun
		err = checks.Selfcheck(context.Background(), e, toy.System{Version: "1"}, checks.Options{Runs: 4, Faults: 6, Dir: t.TempDir(), Told: func(c checks.Check) {
			if c.Err != nil {
				t.Errorf("%d faults a run: %s: %v", perRun, c.Name, c.Err)
			}
		}})
		if err != nil {
			t.Error(err)
		}
	}
}

// A campaign of all types with several faults a run: one worker and four give
// the same rows, which are read back as written, shown and replayed.
func TestCampaignOfAllTypes(t *testing.T) {
	var all [2]map[string]experiments.Row
	var path string
	for k, workers := range []int{1, 4} {
		path = filepath.Join(t.TempDir(), "toy.db")
		e, err := experiments.Parse("toy", []byte(kindsText))
		if err != nil {
			t.Fatal(err)
		}
		_, err = campaign.Run(context.Background(), e, toy.System{Version: "1"}, campaign.Options{
			Path: path, Workers: workers, Text: []byte(kindsText), Stage: func(string) {}, Progress: func(campaign.Progress) {},
		})
		if err != nil {
			t.Fatal(err)
		}
		all[k] = toyrun.Rows(t, path)
	}
	if !reflect.DeepEqual(all[0], all[1]) {
		t.Error("rows depend on the number of workers")
	}
	seen := map[faults.Kind]map[faults.Outcome]int{}
	further := 0
	for name, r := range all[1] {
		if seen[r.Plan.Kind] == nil {
			seen[r.Plan.Kind] = map[faults.Outcome]int{}
		}
		seen[r.Plan.Kind][r.Outcome]++
		if r.Strike == nil && r.Outcome != faults.NotApplied || len(r.Further) != 2 {
			t.Errorf("%s: %+v", name, r)
		}
		for _, f := range r.Further {
			if f.Strike != nil {
				further++
			}
		}
	}
	for _, k := range []faults.Kind{faults.Code, faults.CodeKept, faults.Memory, faults.Software} {
		if len(seen[k]) == 0 {
			t.Errorf("no run of %s", k)
		}
	}
	if further < 50 {
		t.Errorf("%d further faults struck", further)
	}
	db, err := store.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for i, want := range []string{"set from", "flipped", "[CMPL", "[CMPL", "a byte of", "mistake ("} {
		var b bytes.Buffer
		if err := retrace.Show(db, &b, "full", i); err != nil || !strings.Contains(b.String(), want) || !strings.Contains(b.String(), "fault 3: trigger") {
			t.Errorf("%v\n%s", err, b.String())
		}
		r, err := retrace.Execute(t.Context(), db, func(experiments.Experiment, []experiments.Part) (experiments.System, error) {
			return toy.System{Version: "1"}, nil
		}, "full", i, 4, campaign.Teller{})
		if err != nil || len(r.Differences) > 0 {
			t.Errorf("%v %v", err, r)
		}
	}
}
