// Package toyrun runs campaigns of the toy, for tests.
package toyrun

import (
	"context"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/store"
	"resvirt/internal/toy"
)

// Text is Experiment as a file.
const Text = `name = "toy"
runs = 300
faults.instructions = 50
deadline = {detection_us = 10, recovery_us = 10}
golden = {snapshots = 8, digests = 80, misses = 4}
setting = [{name = "none"}, {name = "basic", steps = ["restart"]}, {name = "full", steps = ["restart", "patch"]}]
`

// Experiment is one of 300 runs of failstop and register faults under three settings.
func Experiment() experiments.Experiment {
	e := experiments.Default()
	e.Name, e.Runs = "toy", 300
	e.Faults.Instructions = 50
	e.Deadline = experiments.Deadline{DetectionUS: 10, RecoveryUS: 10}
	e.Golden = experiments.Sampling{Snapshots: 8, Digests: 80, Misses: 4}
	steps := toy.System{}.Steps()
	e.Settings = []experiments.Setting{{Name: "none"}, {Name: "basic", Steps: steps[:1]}, {Name: "full", Steps: steps}}
	return e
}

// Stored is the toy's system, whatever a database holds.
func Stored(experiments.Experiment, []experiments.Part) (experiments.System, error) {
	return toy.System{Version: "1"}, nil
}

// Run runs a campaign of the toy in path.
func Run(t *testing.T, ctx context.Context, path string, change func(*experiments.Experiment, *campaign.Options)) (campaign.Result, error) {
	t.Helper()
	e := Experiment()
	o := campaign.Options{Path: path, Workers: 2, Text: []byte(Text), Stage: func(string) {}, Progress: func(campaign.Progress) {}}
	if change != nil {
		change(&e, &o)
	}
	return campaign.Run(ctx, e, toy.System{Version: "1"}, o)
}

// Rows are all rows of a database, by their names.
func Rows(t *testing.T, path string) map[string]experiments.Row {
	t.Helper()
	db, err := store.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	refs, err := db.Runs(store.RunFilter{})
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
