package experiments

import (
	"strings"
	"testing"

	"resvirt/sim"
)

// A sweep over memory gives each size to its machine and leaves the rest alone.
func TestMemoryMembers(t *testing.T) {
	e, _, err := Load("latency")
	if err != nil {
		t.Fatal(err)
	}
	m := e.member(8192)
	if m.Machine.MemoryMB != 8192 || m.Name != "latency-8192mb" || m.Sweeps() || m.Deadline != e.Deadline || m.VMM.WatchdogUS != e.VMM.WatchdogUS {
		t.Errorf("the member is %+v", m)
	}
	if got := e.memberPath("x.db", 256); got != "x-256mb.db" {
		t.Errorf("its database is %s", got)
	}
	for text, want := range map[string]string{
		"memory_mb = [64]":                                "and then what that is compared with",
		"memory_mb = [128, 64]":                           "own memory_mb = 64",
		"memory_mb = [64, 128, 128]":                      "stands there twice",
		"memory_mb = [64, 65537]":                         "between 1 and 65536",
		"memory_mb = [64, 128]\nwatchdog_us = [150, 300]": "varies one of them",
	} {
		_, err := Parse("mine", []byte("[sweep]\n"+text+"\n[[setting]]\nname = \"none\"\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What counting all frames took is told apart from the rest, over the runs that
// were recovered.
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
	r := MemoryReport{Experiment: "m", Rows: []MemoryRow{row, {MemoryMB: 128, Setting: "full"}}}
	var b strings.Builder
	if err := r.Text(&b); err != nil || !strings.Contains(b.String(), "40µs") || !strings.Contains(b.String(), "128 MB") {
		t.Errorf("%v\n%s", err, b.String())
	}
}
