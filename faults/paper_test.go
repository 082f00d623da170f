package faults

import (
	"strings"
	"testing"
)

// paperTarget has a control domain, two VMs and one made late. In a console
// "L" is when its making begins, a lower-case letter that VM's right output, and
// "x" with the letter a wrong one; "p" is a probe that passed.
func paperTarget() *Target {
	return &Target{Judge: func(_, got []byte) []Verdict {
		s := string(got)
		list := []Verdict{{VM: "c", Role: ControlVM}, {VM: "a"}, {VM: "b"}, {VM: "l", Role: LateVM, Begun: strings.Contains(s, "L")}}
		for i := range list {
			v := &list[i]
			v.Wrong = strings.Contains(s, "x"+v.VM)
			v.Right = strings.Contains(s, v.VM) && !v.Wrong
			if v.Role != ControlVM && v.Right && strings.Contains(s, "p") {
				v.Probe = "passed"
			}
		}
		return list
	}}
}

func TestRecoveredPaper(t *testing.T) {
	for _, c := range []struct {
		name     string
		before   string // console up to the last detection
		after    string
		outcome  Outcome
		recorded bool
	}{
		{"strict", "", "abLlpc", Recovered, true},
		{"strict, though the late VM was being made", "aL", "blpc", Recovered, true},
		{"one VM wrong", "", "xabLlpc", VMLost, true},
		{"one VM hangs, and with it the control domain's end", "", "aLlp", VMLost, false},
		{"the control domain never ends, all VMs do", "", "abLlp", VMLost, false},
		{"both VMs lost", "", "xaxbLlpc", VMLost, false},
		{"the late VM lost", "", "abLxlpc", VMLost, false},
		{"one VM and the late VM lost", "", "xabLc", VMLost, false},
		{"the late VM was being made before", "L", "xablpc", VMLost, false},
		{"the control domain said something wrong", "", "xabLlpxc", VMLost, false},
		{"the control domain made none", "", "xab", VMLost, false},
		{"no probe", "", "xabLlc", VMLost, false},
		{"component lost", "", "abLlpc", ComponentLost, false},
		{"silent", "", "xabLlpc", Silent, false},
	} {
		target := paperTarget()
		o := Observation{Output: []byte(c.before + c.after), Detections: []Detection{{output: len(c.before)}}}
		if got := RecoveredPaper(target, &Golden{}, &o, c.outcome, target.Judge(nil, o.Output)); got != c.recorded {
			t.Errorf("%s: %v, want %v", c.name, got, c.recorded)
		}
	}
}
