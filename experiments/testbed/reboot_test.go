package testbed

import (
	"bytes"
	"slices"
	"testing"

	"resvirt/experiments"
	"resvirt/faults"
	"resvirt/sim"
)

// A full reboot brings the machine back from any processor, from a wild stack
// pointer and from a hang, and every VM begins again: that is no recovery, and
// the machine still does all that was asked of it.
func TestFullReboot(t *testing.T) {
	t.Parallel()
	l := realLab(t)
	golden := *l.Golden
	golden.Deadline = golden.Ended + 60*sim.Millisecond // time to do it all again
	again := *l
	again.Golden = &golden
	policy := experiments.MustPolicy(experiments.Setting{Name: "full_reboot", Steps: []string{"full_reboot", "nmi_ipi", "fix_sp"}}, l.System)
	seen := map[int]bool{}
	for _, c := range []crash{
		{"main.allocTable", 20, 400, failstop},
		{"main.contextSwitch", 30, 20, failstop},
		{"main.contextSwitch", 50, 21, failstop},
		{"main.timerSoft", 50, 30, wildStack},
		{"main.allocFrames", 40, 3, lostLock},
	} {
		o, outcome, reason := c.under(t, &again, policy)
		if len(o.Detections) != 1 || !o.Recovered || outcome != faults.VMLost || o.Stop.Reason != faults.Exited {
			t.Errorf("%s: %s: %s; detected %v, ended with %v", c.function, outcome, reason, o.Detections, o.Stop)
			continue
		}
		seen[o.Detections[0].CPU] = true
		for _, vm := range []string{"d0", "d1", "d2"} {
			if first := LinesByVM(golden.Output)[vm][0]; bytes.Count(o.Output, []byte("("+vm+") "+first+"\n")) != 2 {
				t.Errorf("%s: %s does not begin twice", c.function, vm)
			}
		}
		var resumed []int
		done := slices.IndexFunc(o.Steps, func(s faults.Step) bool { return s.Done })
		for _, s := range o.Steps[done:] {
			if s.Code == faults.StepResume {
				resumed = append(resumed, s.CPU)
			}
		}
		if slices.Sort(resumed); !slices.Equal(resumed, []int{0, 1}) {
			t.Errorf("%s: VMs run again on %v", c.function, resumed)
		}
	}
	if !seen[0] || !seen[1] {
		t.Errorf("failures detected on %v: both processors should", seen)
	}
}
