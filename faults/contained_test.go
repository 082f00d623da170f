package faults

import "testing"

// What a fault in a VM did to it, and that harm beyond it is never counted as its own.
func TestVMsAreJudgedByWhatIsBeyondThem(t *testing.T) {
	target := &Target{Name: "kernel of d1", VM: "d1", ExitOK: 1}
	died := []Detection{{Kind: ByDeath}}
	verdicts := func(control, own, other Verdict) []Verdict {
		control.VM, control.Role, own.VM, other.VM = "d0", ControlVM, "d1", "d2"
		return []Verdict{control, own, other}
	}
	right, wrong, missing := Verdict{Right: true, Complete: true, Probe: ProbePassed}, Verdict{Wrong: true, Detail: "line 3"}, Verdict{Detail: "2 of 9 lines"}
	exit, deadline := Stop{Reason: Exited, Code: 1}, Stop{Reason: Reached}
	for _, c := range []struct {
		name    string
		o       Observation
		v       []Verdict
		want    Outcome
		failure string
	}{
		{"no effect", Observation{Stop: exit}, verdicts(right, right, right), Latent, ""},
		{"wrong output", Observation{Stop: exit}, verdicts(right, wrong, right), Silent, ""},
		{"it spins, and the control domain waits for it", Observation{Stop: deadline}, verdicts(missing, missing, right), Hang, ""},
		{"it dies", Observation{Stop: exit, Detections: died}, verdicts(right, wrong, right), VMLost, "VM lost: a VM: line N"},
		{"it dies, and the control domain does not notice", Observation{Stop: deadline, Ended: true, Detections: died}, verdicts(missing, wrong, right), ComponentLost, "not contained: a VM: N of N lines"},
		{"it dies and goes on", Observation{Stop: deadline, Detections: died}, verdicts(missing, wrong, right), VMLost, "VM lost: a VM: line N"},
		{"another VM is wrong", Observation{Stop: exit}, verdicts(right, right, wrong), ComponentLost, "not contained: a VM: line N"},
		{"another VM starves", Observation{Stop: deadline}, verdicts(missing, missing, missing), ComponentLost, "not contained: a VM: N of N lines"},
		{"the control domain is wrong", Observation{Stop: deadline}, verdicts(wrong, missing, right), ComponentLost, "not contained: a VM: line N"},
		{"the hypervisor fails and recovers", Observation{Stop: exit, Recovered: true, Detections: []Detection{{Kind: ByPanic, What: "assertion"}}}, verdicts(right, right, right), ComponentLost, "not contained: the hypervisor failed: panic: assertion"},
		{"the machine resets", Observation{Stop: Stop{Reason: Reset}}, verdicts(right, wrong, right), ComponentLost, "not contained: machine reset"},
		{"the hypervisor's last checks fail", Observation{Stop: Stop{Reason: Exited, Code: 5}, Detections: died}, verdicts(right, wrong, right), ComponentLost, "not contained: final checks failed with code N"},
	} {
		got, reason := Classify(target, &Golden{}, &c.o, c.v)
		failure := FailedBecause(target, got, reason, &c.o, c.v)
		if got != c.want || failure.String() != c.failure || ParseFailure(failure.String()) != failure || RecoveredPaper(target, nil, &c.o, got, c.v) != (got == Recovered) {
			t.Errorf("%s: %v (%s), %q", c.name, got, reason, failure)
		}
	}
}
