package campaign_test

import (
	"context"
	"path/filepath"
	"runtime"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/internal/toyrun"
)

// A million workers would be a machine for each run: memory, and an interrupt that
// waits for all of them.
func TestWorkersAreBounded(t *testing.T) {
	res, err := toyrun.Run(t, context.Background(), filepath.Join(t.TempDir(), "x.db"), func(_ *experiments.Experiment, o *campaign.Options) {
		o.Runs, o.Workers = 3, 1_000_000
	})
	if most := 8 * runtime.NumCPU(); err != nil || res.Workers != most {
		t.Errorf("%d workers, not %d; %v", res.Workers, most, err)
	}
}
