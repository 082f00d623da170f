package experiments_test

import (
	"context"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/faults"
	"resvirt/internal/toy"
)

var steps = toy.System{}.Steps()

func toyExperiment() experiments.Experiment {
	e := experiments.Default()
	e.Name, e.Runs = "toy", 300
	e.Faults.Instructions = 50
	e.Deadline = experiments.Deadline{DetectionUS: 10, RecoveryUS: 10}
	e.Golden = experiments.Sampling{Snapshots: 8, Digests: 80, Misses: 4}
	e.Settings = []experiments.Setting{{Name: "none"}, {Name: "basic", Steps: steps[:1]}, {Name: "full", Steps: steps}}
	return e
}

const toyText = `name = "toy"
runs = 300
faults.instructions = 50
deadline = {detection_us = 10, recovery_us = 10}
golden = {snapshots = 8, digests = 80, misses = 4}
setting = [{name = "none"}, {name = "basic", steps = ["restart"]}, {name = "full", steps = ["restart", "patch"]}]
`

// runToy runs a campaign of the toy in path.
func runToy(t *testing.T, ctx context.Context, path string, change func(*experiments.Experiment, *experiments.Options)) (experiments.Result, error) {
	t.Helper()
	e := toyExperiment()
	o := experiments.Options{Path: path, Workers: 2, Text: []byte(toyText), Stage: func(string) {}, Progress: func(experiments.Progress) {}}
	if change != nil {
		change(&e, &o)
	}
	return experiments.Run(ctx, e, toy.System{Version: "1"}, o)
}

func allRows(t *testing.T, path string) map[string]experiments.Row {
	t.Helper()
	db, err := experiments.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	refs, err := db.Runs("")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]experiments.Row{}
	for _, ref := range refs {
		r, err := db.Row(ref.Setting, ref.Index)
		if err != nil {
			t.Fatal(err)
		}
		rows[r.Run()] = *r
	}
	return rows
}

func TestCampaignHasEveryOutcome(t *testing.T) {
	path := filepath.Join(t.TempDir(), "toy.db")
	res, err := runToy(t, context.Background(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.Done != 1800 || res.Total != 1800 || res.ToolErrors == 0 {
		t.Fatalf("result %+v", res)
	}
	seen := map[faults.Outcome]int{}
	for _, r := range allRows(t, path) {
		seen[r.Outcome]++
		if r.Setting == "none" && r.Outcome == faults.Recovered {
			t.Errorf("%s recovered without recovery", r.Run())
		}
		if r.Plan.Kind == faults.Failstop && !r.Outcome.Detected() {
			t.Errorf("failstop %s: %s", r.Run(), r.Outcome)
		}
	}
	for o := faults.Outcome(1); o < faults.Outcomes; o++ {
		if seen[o] == 0 {
			t.Errorf("no run came out as %s; there are %v", o, seen)
		}
	}
}

func TestWorkersDoNotMatter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all []map[string]experiments.Row
	for i, workers := range []int{1, 3} {
		path := filepath.Join(dir, string(rune('a'+i)))
		if _, err := runToy(t, context.Background(), path, func(_ *experiments.Experiment, o *experiments.Options) { o.Workers = workers }); err != nil {
			t.Fatal(err)
		}
		all = append(all, allRows(t, path))
	}
	if !reflect.DeepEqual(all[0], all[1]) {
		t.Error("one worker and three gave different rows")
	}
}

func TestResume(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "toy.db")
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	res, err := runToy(t, ctx, path, func(_ *experiments.Experiment, o *experiments.Options) {
		o.Progress = func(p experiments.Progress) {
			if n++; n == 2 {
				cancel()
			}
		}
	})
	if err != nil || !res.Interrupted || res.Done == 0 || res.Done == res.Total {
		t.Skipf("the toy was too quick to interrupt: %+v %v", res, err)
	}
	again, err := runToy(t, context.Background(), path, nil)
	if err != nil || again.Session != again.Total-res.Done {
		t.Errorf("after %d of %d the second run did %d: %v", res.Done, res.Total, again.Session, err)
	}
	whole := filepath.Join(t.TempDir(), "whole.db")
	if _, err := runToy(t, context.Background(), whole, nil); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(allRows(t, path), allRows(t, whole)) {
		t.Error("an interrupted campaign has other rows than an uninterrupted one")
	}
	done, err := runToy(t, context.Background(), path, nil)
	if err != nil || done.Session != 0 || done.Done != done.Total {
		t.Errorf("a finished campaign: %+v %v", done, err)
	}
}

func TestFewerRunsAreAPrefix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "toy.db")
	if res, err := runToy(t, context.Background(), path, func(_ *experiments.Experiment, o *experiments.Options) { o.Runs = 5 }); err != nil || res.Done != 30 {
		t.Fatalf("%+v %v", res, err)
	}
	some := allRows(t, path)
	if _, err := runToy(t, context.Background(), path, nil); err != nil {
		t.Fatal(err)
	}
	all := allRows(t, path)
	for name, r := range some {
		if !reflect.DeepEqual(r, all[name]) {
			t.Errorf("%s changed", name)
		}
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "toy.db")
	small := func(_ *experiments.Experiment, o *experiments.Options) { o.Runs = 1 }
	if _, err := runToy(t, context.Background(), path, small); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*experiments.Experiment, *experiments.Options)
		want   string
	}{
		{"another seed", func(e *experiments.Experiment, o *experiments.Options) { e.Seed = 2 }, "holds another campaign"},
		{"no directory", func(e *experiments.Experiment, o *experiments.Options) { o.Path = filepath.Join(dir, "none", "x.db") }, "directory does not exist"},
		{"a directory", func(e *experiments.Experiment, o *experiments.Options) { o.Path = dir }, "is a directory"},
		{"setting changed", func(e *experiments.Experiment, o *experiments.Options) { e.Settings[1].Steps = steps[1:2] }, "give the new one another name"},
	} {
		if _, err := runToy(t, context.Background(), path, c.change); err == nil || !contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func contains(s, part string) bool { return strings.Contains(s, part) }

func TestShortGoldenRunIsWarnedOf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "toy.db")
	if _, err := runToy(t, context.Background(), path, func(_ *experiments.Experiment, o *experiments.Options) { o.Runs = 1 }); err != nil {
		t.Fatal(err)
	}
	db, err := experiments.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := db.Report()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		switches uint64
		warned   bool
	}{{1000, false}, {49, true}} {
		var text strings.Builder
		r.Campaign.Golden.Counters.CPUs[1].Switches = c.switches
		if err := r.Text(&text); err != nil || strings.Contains(text.String(), "warning: 49 context switches on CPU 1") != c.warned {
			t.Errorf("%d switches: %v\n%s", c.switches, err, text.String())
		}
	}
}
