package testbed

import (
	"strings"
	"testing"

	"resvirt/faults"
)

const goldenConsole = "(VMM) up\n(d1) workload start\n(d2) workload start\n(d1) a 1\n(d2) a 1\n(d1) probe ok\n(d2) probe ok\n(VMM) done\n"

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name, got string
		d1, d2    string // right, wrong, missing
		probe2    string
	}{
		{"golden", goldenConsole, "right", "right", "passed"},
		{"other order", "(d2) workload start\n(d2) a 1\n(d2) probe ok\n(d1) workload start\n(d1) a 1\n(d1) probe ok\n", "right", "right", "passed"},
		{"carriage returns", strings.ReplaceAll(goldenConsole, "\n", "\r\n"), "right", "right", "passed"},
		{"no end", "(d1) workload start\n(d2) workload start\n(d1) a 1\n(d2) a 1\n(d1) probe ok\n(d2) prob", "right", "missing", ""},
		{"other value", strings.Replace(goldenConsole, "(d2) a 1", "(d2) a 2", 1), "right", "wrong", "passed"},
		{"twice", strings.Replace(goldenConsole, "(d2) a 1", "(d2) a 1\n(d2) a 1", 1), "right", "wrong", "passed"},
		{"one more", goldenConsole + "(d2) error\n", "right", "wrong", "passed"},
		{"probe failed", strings.Replace(goldenConsole, "(d2) probe ok", "(d2) probe failed: fork", 1), "right", "wrong", "failed: fork"},
		{"nothing", "", "missing", "missing", ""},
		{"torn by the VMM", strings.Replace(goldenConsole, "(d2) a 1", "(d2) a\n(VMM) panic", 1), "right", "wrong", "passed"},
	} {
		list := Judge([]byte(goldenConsole), []byte(c.got))
		if len(list) != 2 {
			t.Fatalf("%s: %d verdicts", c.name, len(list))
		}
		for i, want := range []string{c.d1, c.d2} {
			v := list[i]
			got := map[bool]string{true: "right", false: "missing"}[v.Right]
			if v.Wrong {
				got = "wrong"
			}
			if got != want {
				t.Errorf("%s: %s is %s (%s), want %s", c.name, v.VM, got, v.Detail, want)
			}
		}
		if string(list[1].Probe) != c.probe2 {
			t.Errorf("%s: probe %q, want %q", c.name, list[1].Probe, c.probe2)
		}
	}
}

// A golden run in which a VM complains is none.
func TestJudgeOfComplaints(t *testing.T) {
	golden := []byte("(d1) workload start\n(d1) error check: memory changed 0x1\n(d1) probe ok\n(d2) workload start\n(d2) probe ok\n")
	for _, v := range Judge(golden, golden) {
		if v.Wrong != (v.VM == "d1") || v.Right == v.Wrong {
			t.Errorf("%+v", v)
		}
	}
}

const lateConsole = "(d0) control start\n(d1) workload start\n(d2) workload start\n(d1) probe ok\n" + lateLine +
	"(d2) probe ok\n(d3) workload start\n(d3) probe ok\n(d0) control end\n"

// Roles come from the golden run; a late VM has begun when it is being made.
func TestJudgeRoles(t *testing.T) {
	upTo := func(text string) string { return lateConsole[:strings.Index(lateConsole, text)] }
	for _, c := range []struct {
		name, got string
		begun     bool
		complete  bool // the control domain is
	}{
		{"whole", lateConsole, true, true},
		{"before the late VM", upTo(lateLine), false, false},
		{"it is being made", upTo("(d2) probe"), true, false},
		{"no end", upTo("(d0) control end"), true, false},
	} {
		list := Judge([]byte(lateConsole), []byte(c.got))
		if len(list) != 4 || list[0].Role != faults.ControlVM || list[1].Role != "" || list[2].Role != "" || list[3].Role != faults.LateVM {
			t.Fatalf("%s: %+v", c.name, list)
		}
		if list[3].Begun != c.begun || list[0].Complete != c.complete || list[0].Right != c.complete {
			t.Errorf("%s: %+v", c.name, list)
		}
	}
}

func TestLastWords(t *testing.T) {
	if got := vmmLastWords([]byte("(VMM) up\n(d1) x\n(VMM) frames lost 0x1\n(VMM) done\n")); got != "frames lost 0x1" {
		t.Errorf("%q", got)
	}
}

func TestStartedAll(t *testing.T) {
	if startedAll([]byte("(d1) workload start\n(d1) workload start\n(d2) workload"), 2) {
		t.Error("half a line was taken for a start")
	}
	if !startedAll([]byte(goldenConsole), 2) {
		t.Error("both started")
	}
}
