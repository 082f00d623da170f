package report

import (
	"strings"
	"testing"

	"resvirt/sim"
)

// The time for counting all frames is separated from the rest, over the
// recovered runs.
func TestMemoryRow(t *testing.T) {
	const us = sim.Microsecond
	row := MemoryRow{MemoryMB: 64, Setting: "full", Detected: 3, Recovered: 2}
	row.sum([][]segment{
		{{allSteps, 100 * us, 100 * us, 90}, {"a", 0, 60 * us, 50}, {countingStep, 60 * us, 40 * us, 40}},
		{{allSteps, 300 * us, 300 * us, 90}, {"a", 0, 300 * us, 90}},
	})
	if row.Counted != 1 || row.Counting.Median != 40*sim.Microsecond ||
		row.Latency.Median != 100*sim.Microsecond || row.Latency.Max != 300*sim.Microsecond || row.Rest.Median != 60*sim.Microsecond {
		t.Errorf("%+v, counting %+v", row, row.Counting)
	}
	r := Memory{Experiment: "m", Rows: []MemoryRow{row, {MemoryMB: 128, Setting: "full"}}}
	var b strings.Builder
	if err := r.Text(&b); err != nil || !strings.Contains(b.String(), "40µs") || !strings.Contains(b.String(), "128 MB") {
		t.Errorf("%v\n%s", err, b.String())
	}
}
