package campaign_test

import (
	"context"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/internal/toy"
	"resvirt/internal/toyrun"
)

func TestCampaignHasEveryOutcome(t *testing.T) {
	path := filepath.Join(t.TempDir(), "toy.db")
	res, err := toyrun.Run(t, context.Background(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.Done != 1800 || res.Total != 1800 || res.ToolErrors == 0 {
		t.Fatalf("result %+v", res)
	}
	seen := map[faults.Outcome]int{}
	for _, r := range toyrun.Rows(t, path) {
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
		if _, err := toyrun.Run(t, context.Background(), path, func(_ *experiments.Experiment, o *campaign.Options) { o.Workers = workers }); err != nil {
			t.Fatal(err)
		}
		all = append(all, toyrun.Rows(t, path))
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
	res, err := toyrun.Run(t, ctx, path, func(_ *experiments.Experiment, o *campaign.Options) {
		o.Progress = func(p campaign.Progress) {
			if n++; n == 2 {
				cancel()
			}
		}
	})
	if err != nil || !res.Interrupted || res.Done == 0 || res.Done == res.Total {
		t.Skipf("the toy was too quick to interrupt: %+v %v", res, err)
	}
	again, err := toyrun.Run(t, context.Background(), path, nil)
	if err != nil || again.Session != again.Total-res.Done {
		t.Errorf("after %d of %d the second run did %d: %v", res.Done, res.Total, again.Session, err)
	}
	whole := filepath.Join(t.TempDir(), "whole.db")
	if _, err := toyrun.Run(t, context.Background(), whole, nil); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(toyrun.Rows(t, path), toyrun.Rows(t, whole)) {
		t.Error("an interrupted campaign has other rows than an uninterrupted one")
	}
	done, err := toyrun.Run(t, context.Background(), path, nil)
	if err != nil || done.Session != 0 || done.Done != done.Total {
		t.Errorf("a finished campaign: %+v %v", done, err)
	}
}

func TestFewerRunsAreAPrefix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "toy.db")
	if res, err := toyrun.Run(t, context.Background(), path, func(_ *experiments.Experiment, o *campaign.Options) { o.Runs = 5 }); err != nil || res.Done != 30 {
		t.Fatalf("%+v %v", res, err)
	}
	some := toyrun.Rows(t, path)
	if _, err := toyrun.Run(t, context.Background(), path, nil); err != nil {
		t.Fatal(err)
	}
	all := toyrun.Rows(t, path)
	for name, r := range some {
		if !reflect.DeepEqual(r, all[name]) {
			t.Errorf("%s changed", name)
		}
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "toy.db")
	small := func(_ *experiments.Experiment, o *campaign.Options) { o.Runs = 1 }
	if _, err := toyrun.Run(t, context.Background(), path, small); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*experiments.Experiment, *campaign.Options)
		want   string
	}{
		{"another seed", func(e *experiments.Experiment, o *campaign.Options) { e.Seed = 2 }, "holds another campaign"},
		{"no directory", func(e *experiments.Experiment, o *campaign.Options) { o.Path = filepath.Join(dir, "none", "x.db") }, "directory does not exist"},
		{"a directory", func(e *experiments.Experiment, o *campaign.Options) { o.Path = dir }, "is a directory"},
		{"setting changed", func(e *experiments.Experiment, o *campaign.Options) {
			e.Settings[1].Steps = toy.System{}.Steps()[1:2]
		}, "give the new one another name"},
	} {
		if _, err := toyrun.Run(t, context.Background(), path, c.change); err == nil || !contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func contains(s, part string) bool { return strings.Contains(s, part) }
