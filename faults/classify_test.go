package faults

import (
	"strings"
	"testing"
)

// testTarget has two VMs whose right output is "1" and "2"; "p" is a probe
// that passed, "q" one that failed, for each VM in turn.
func testTarget() *Target {
	return &Target{
		Name: "target", Recovered: 0x7f, GivenUp: 0x7e, ExitOK: 1, StepNames: map[uint64]string{3: "mend"},
		Judge: func(golden, got []byte) []Verdict {
			var list []Verdict
			for _, name := range []string{"d1", "d2"} {
				v := Verdict{VM: name, Right: strings.Contains(string(got), name[1:]), Wrong: strings.Contains(string(got), "x"+name[1:]), Detail: "detail"}
				v.Complete = v.Right
				if strings.Contains(string(got), "p"+name[1:]) {
					v.Probe = "passed"
				}
				if strings.Contains(string(got), "q"+name[1:]) {
					v.Probe = ProbeFailed + "fork"
				}
				if v.Wrong || v.Probe == ProbeFailed+"fork" {
					v.Right = false
				}
				list = append(list, v)
			}
			return list
		},
	}
}

func TestClassify(t *testing.T) {
	first := Detection{Kind: "panic", What: "#PF", Position: 10}
	mend, done, gaveUp := Step{Code: 3, Name: "mend", Position: 11}, Step{Code: 0x7f, Name: "recovery complete", Done: true, Position: 12}, Step{Code: 0x7e, Name: "given up", Position: 12}
	exit := Stop{Reason: Exited, Code: 1}
	for _, c := range []struct {
		name   string
		o      Observation
		output string
		want   Outcome
		cause  string
	}{
		{"converged", Observation{Converged: true}, "", Converged, ""},
		{"latent", Observation{Stop: exit}, "p1p2", Latent, ""},
		{"wrong output", Observation{Stop: exit}, "p1x2", Silent, ""},
		{"missing output", Observation{Stop: exit}, "p1", Silent, ""},
		{"wrong output and no end", Observation{}, "p1x2", Silent, ""},
		{"final checks failed, undetected", Observation{Stop: Stop{Reason: Exited, Code: 3}}, "p1p2", Silent, ""},
		{"no end", Observation{}, "p1", Hang, ""},
		{"all halted", Observation{Stop: Stop{Reason: AllHalted}}, "p1", Hang, ""},
		{"reset", Observation{Stop: Stop{Reason: Reset}}, "p1", Hang, ""},
		{"unsupported", Observation{Stop: Stop{Reason: Unsupported}, Detections: []Detection{first}}, "p1", NoModel, ""},

		{"recovered", Observation{Stop: exit, Detections: []Detection{first}, Steps: []Step{mend, done}, Recovered: true}, "p1p2", Recovered, ""},
		{"recovered twice", Observation{Stop: exit, Detections: []Detection{first, first}, Recovered: true}, "p1p2", Recovered, ""},
		{"one VM wrong", Observation{Stop: exit, Detections: []Detection{first}, Recovered: true}, "p1x2", VMLost, "VM lost: a VM: detail"},
		{"one VM never ended", Observation{Detections: []Detection{first}, Recovered: true}, "p1", VMLost, "VM lost: a VM: detail"},
		{"hang at the very end", Observation{Position: 20, Detections: []Detection{first}, Steps: []Step{mend, done}, Recovered: true, Ends: []End{{CPL: 0, Place: Place{Function: "lock"}}}}, "p1p2", ComponentLost, "hang after recovery: lock"},
		{"probe failed", Observation{Stop: exit, Detections: []Detection{first}, Recovered: true}, "p1q2", ComponentLost, "probe failed: fork in a VM"},
		{"nobody probed", Observation{Stop: exit, Detections: []Detection{first}, Recovered: true}, "", ComponentLost, "probe not reached: no VM was left to run it"},
		{"final checks", Observation{Stop: Stop{Reason: Exited, Code: 5}, Detections: []Detection{first}, Recovered: true}, "p1p2", ComponentLost, "final checks failed with code N"},
		{"halted", Observation{Stop: Stop{Reason: Exited, Code: 9}, Detections: []Detection{first}, Steps: []Step{gaveUp}, GivenUp: true}, "p1p2", ComponentLost, "halted on detection"},
		{"gave up", Observation{Detections: []Detection{first}, Steps: []Step{mend, gaveUp}, GivenUp: true}, "p1p2", ComponentLost, "gave up in step mend"},
		{"reset in recovery", Observation{Stop: Stop{Reason: Reset}, Position: 12, Detections: []Detection{first}, Steps: []Step{mend}}, "", ComponentLost, "machine reset in step mend"},
		{"hang in recovery", Observation{Position: 20, Detections: []Detection{first}, Steps: []Step{mend}, Ends: []End{{CPL: 0, Place: Place{Function: "lock"}}, {CPL: 3}}}, "", ComponentLost, "hang in step mend: lock | VM code"},
		{"hang after recovery", Observation{Position: 20, Detections: []Detection{first}, Steps: []Step{mend, done}, Recovered: true, Ends: []End{{}}}, "", ComponentLost, "hang after recovery: no code of the target"},
		{"failed again", Observation{Position: 20, Detections: []Detection{first, {Kind: "hang", What: "stuck", Position: 11, Place: Place{Function: "f", File: "f.go", Line: 3}}}, Steps: []Step{mend, gaveUp}, GivenUp: true}, "", ComponentLost, "failed again in step mend: hang, stuck in f (f.go:3)"},
	} {
		target := testTarget()
		c.o.Output = []byte(c.output)
		verdicts := target.Judge(nil, c.o.Output)
		got, reason := Classify(target, &Golden{}, &c.o, verdicts)
		if got != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, got, reason, c.want)
		}
		if cause := FailedBecause(target, got, reason, &c.o, verdicts); cause.String() != c.cause || ParseFailure(c.cause) != cause || cause.Way == OtherWay {
			t.Errorf("%s: cause %+v, want %q, which is %+v", c.name, cause, c.cause, ParseFailure(c.cause))
		}
		if (got == Silent || got == Hang || got == VMLost || got == ComponentLost) != got.Unsurvived() {
			t.Errorf("%s: unsurvived is %v", got, got.Unsurvived())
		}
	}
}

func TestOutcomeNames(t *testing.T) {
	for o := Outcome(0); o < Outcomes; o++ {
		if p, err := ParseOutcome(o.String()); err != nil || p != o {
			t.Errorf("%s parses as %v: %v", o, p, err)
		}
	}
	if _, err := ParseOutcome("survived"); err == nil {
		t.Error("an unknown outcome was parsed")
	}
}

func TestAlikeDropsWhatDiffersBetweenRuns(t *testing.T) {
	for in, want := range map[string]string{
		`d1: line 12 is "error: program stopped by trap 14 at 0xffff8300deadbeef address 0x"`: `a VM: line N is "error: program stopped by trap N at N address N"`,
		"d2: 5 of 15 lines, the next would be \"context 1bf00b89afd8f2b1\"":                   "a VM: N of N lines, the next would be \"context N\"",
		"added bad face": "added bad face",
	} {
		if got := Alike(in); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A list of runs shows the numbers that counting leaves out.
func TestWithNumbers(t *testing.T) {
	for _, c := range []struct{ cause, reason, want string }{
		{"VM lost: a VM: error N", "d2: error 17", "VM lost: d2: error 17"},
		{"final checks failed with code N: page N is nobody's", "final checks failed with code 3", "final checks failed with code 3: page N is nobody's"},
		{"hang in step patch: main.f", "hang after recovery", "hang in step patch: main.f"},
		{"", "deadline", ""}, {"halted on detection", "", "halted on detection"},
	} {
		if got := WithNumbers(c.cause, c.reason); got != c.want {
			t.Errorf("%q of %q: %q, want %q", c.cause, c.reason, got, c.want)
		}
	}
}
