package report_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/report"
	"resvirt/experiments/store"
	"resvirt/internal/toy"
)

const sweepText = `
name = "sweep"
runs = 5
[vmm]
watchdog_us = 100
[deadline]
detection_us = 400
recovery_us = 1000
[sweep]
watchdog_us = [100, 300]
[[setting]]
name = "full"
steps = ["stop_others"]
`

// Each value is a campaign of its own, which goes on where it was left; what
// its database says of itself is an experiment without the sweep.
func TestSweep(t *testing.T) {
	text := strings.Replace(sweepText, "stop_others", toy.System{}.Steps()[0], 1)
	e, err := experiments.Parse("sweep.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "toy.db")
	build := func(experiments.Experiment, func(string)) (experiments.System, error) {
		return toy.System{Version: "1"}, nil
	}
	run := func(runs int) campaign.Result {
		t.Helper()
		r, err := campaign.RunSweep(context.Background(), e, build, campaign.Options{
			Path: path, Runs: runs, Workers: 1, Stage: func(string) {}, Progress: func(campaign.Progress) {},
		})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := run(3); r.Session != 12 || r.Done != 12 || r.Total != 12 {
		t.Errorf("first: %+v", r)
	}
	if r := run(0); r.Session != 8 || r.Done != 20 || r.Total != 20 {
		t.Errorf("continued: %+v", r)
	}
	db, err := store.OpenReader(strings.Replace(path, ".db", "-300us.db", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := db.Campaign()
	if err != nil {
		t.Fatal(err)
	}
	m, err := experiments.Parse(c.Experiment, c.File)
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "sweep-300us" || m.Sweeps() || m.VMM.WatchdogUS != 300 || m.Deadline.DetectionUS != 1200 || m.Deadline.RecoveryUS != 1000 || m.Runs != 5 || len(m.Settings) != 1 {
		t.Errorf("the member is %+v", m)
	}
	r, err := report.OfSweep(e, path)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.Rows); n != 2*3 || r.Rows[0].Fault != "all" || r.Rows[0].Runs != 10 || r.Rows[0].MoreRecovered != nil || r.Rows[3].MoreRecovered == nil || len(r.Same) != 3 {
		t.Errorf("%d rows: %+v", n, r)
	}
	var b strings.Builder
	if err := r.Text(&b); err != nil || !strings.Contains(b.String(), "300µs") {
		t.Errorf("%v\n%s", err, b.String())
	}
}
