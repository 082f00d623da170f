package testbed

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/vi/seam"
)

// TestKnownAttacks makes each attack that once broke the hypervisor
// (vi/hostile/known.go), and checks its result.
func TestKnownAttacks(t *testing.T) {
	s := hostileSystem(t)
	knownAttacks(t, s, experiments.Setting{Name: "none"}, 0)
}

// TestContextsSurviveRecovery does the same while the hypervisor fails and recovers:
// debug registers, bases, selectors, CR4 and the I/O privilege level of the guests are
// what they were.
func TestContextsSurviveRecovery(t *testing.T) {
	t.Parallel()
	s := hostileSystem(t)
	for _, way := range []string{"microreset", "microreboot"} {
		ours := hostileSettings(s)[1]
		steps := []string{}
		for _, step := range ours.Steps {
			if step == way || step != "microreset" && step != "microreboot" {
				steps = append(steps, step)
			}
		}
		ours.Name, ours.Steps = way, steps
		knownAttacks(t, s, ours, 300_000)
	}
}

// knownAttacks runs the known attacks under a setting, with a failure every so many
// instructions while guests make calls.
func knownAttacks(t *testing.T, sys *VI, policy experiments.Setting, every uint64) {
	t.Helper()
	s := *sys
	s.exp.Workload.Name = fmt.Sprintf("none seed=1 rounds=%d known=1", attestRounds)
	b, err := s.Boot()
	if err != nil {
		t.Fatal(err)
	}
	m := b.(*Hardware)
	m.SetPolicy(experiments.MustPolicy(policy, &s))
	next, detections, strikes := uint64(hostileEnd), 0, 20
	if every > 0 {
		next = hostileRecovery
	}
	var met faults.Stop // while it went on by single instructions
	step := func() (stop faults.Stop) {
		if stop, met = met, stop; stop.Reason != faults.Reached {
			return stop
		}
		return m.Run(faults.Until{Position: next, Watched: true})
	}
	stop := step()
	for ; every > 0 && m.Position() < hostileEnd && (stop.Reason == faults.Reached || stop.Reason == faults.Watched); stop = step() {
		switch {
		case stop.Reason == faults.Watched:
			detections++
			if cause := s.target.Cause(m, stop.CPU); cause.What == "NMI" {
				t.Errorf("%s: the hypervisor hangs at %d%s", policy.Name, m.Position(), doing(t, &s, m))
			}
		case detections > len(posts(m, seam.PostRecovered)):
			next += hostileRecovery / 4 // one failure at a time
		default:
			if next += every; strikes > 0 && bytes.Contains(m.Serial(), []byte("and was made")) {
				var struck bool
				if struck, met = strike(t, m); struck {
					strikes--
				}
			}
		}
	}
	if n := len(posts(m, seam.PostRecovered)); every > 0 && n < 18 {
		t.Errorf("%s: only %d recoveries", policy.Name, n)
	}
	says := string(m.Serial())
	if stop.Reason != faults.Exited || stop.Code != exitOK {
		t.Errorf("%s: %s at %d%s", policy.Name, campaign.Describe(stop), m.Position(), doing(t, &s, m))
	}
	for _, row := range knownResults {
		if n := strings.Count(says, seam.Known+row[0]+": "+row[1]+"\n"); n != 2 {
			t.Errorf("%s: %s: %d domains of 2 say %s", policy.Name, row[0], n, row[1])
		}
	}
	if strings.Count(says, seam.KnownDone+"\n") != 2 || strings.Count(says, seam.WitnessOK) != 1 || t.Failed() {
		t.Errorf("%s: the console says:\n%s", policy.Name, says)
	}
}

// knownResults are the results of the attacks.
var knownResults = [][2]string{
	{"x87 pointers of others", zero},
	{"DR6 at the start", "00000000ffff0ff0"}, {"DR7 at the start", "0000000000000400"},
	{"FS base", invalid}, {"MXCSR", invalid}, {"callbacks", invalid}, {"LDT", invalid}, {"debug registers", invalid}, {"vm_assist", invalid},
	{"up", invalid}, {"set FS base", invalid}, {"set GS base", invalid}, {"set other GS base", invalid},
	{"proper", zero}, {"descriptor that changes", zero},
	{"null GS", zero}, {"null GS, level 3", "0000000000000003"},
	{"watchpoint", trapped}, {"DR6 after it", "00000000ffff0ff1"}, {"watchpoint after a switch", trapped}, {"breakpoint held back", zero},
	{"CLI in user mode", trapped}, {"and went on", "0000000000000001"},
	{"WRGSBASE before CR4", trapped}, {"CR4", "0000000000010000"}, {"WRGSBASE", "0000000000005eed"},
	{"iret to nowhere", trapped}, {"iret to nowhere, by SYSRET", trapped}, {"iret to no code", trapped},
	{"SYSCALL at the end of the half", trapped}, {"and was made", "0000000000000002"},
	{"descriptor tables given back", zero},
	{"bases and breakpoint over calls", trapped}, {"breakpoint hit", "0000000000000001"},
	{"GS base", "0000000001234567"}, {"FS base", "0000000007654321"}, {"GS", "0000000000000013"},
	{"CR4 still", "0000000000010000"}, {"CLI at level 3", "0000000000000003"},
}

const (
	attestRounds = 640                 // of the witness
	invalid      = "-0000000000000016" // EINVAL
	zero         = "0000000000000000"
	trapped      = "trapped"
)
