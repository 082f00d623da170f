package lesson

import (
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/recording"
	"resvirt/faults"
)

// rowScope is a run of which there is a row alone.
func rowScope() *scope {
	row := &experiments.Row{
		Setting: "full", Index: 17, Outcome: faults.VMLost, Reason: "d1: line 5", RecoveryInstructions: 1000,
		Strike:     &faults.Strike{CPU: 1, What: "rsi", Bit: 38, Before: 0x10, After: 0x4000000010, Place: faults.Place{Function: "main.f", File: "vi/vmm/f.go", Line: 3}},
		Detections: []faults.Detection{{Kind: "panic", What: "#PF page fault", Position: 10}, {Kind: "hang", Position: 100}},
		Steps:      []faults.Step{{Name: "microreboot", Position: 20}, {Name: "nmi_ipi", Position: 30}, {Code: faults.StepResume, Name: "r", Position: 40}, {Name: "reinit_locks", Position: 120}},
		Verdicts:   []faults.Verdict{{VM: "d0", Right: true}, {VM: "d1", Wrong: true, Detail: "line 5"}},
	}
	return &scope{s: &Session{facts: map[known]Value{}}, r: &recording.Recording{Row: row}, place: "F"}
}

func TestExpressions(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{`1 + 2 - 3`, "0"},
		{`12345`, "12,345"},
		{`1 + 2 * 3 / 2`, "4"},
		{`detection.kind(2)`, "hang"},
		{`fault.after`, "0x4000000010"},
		{`fault.after - fault.before`, "0x4000000000"},
		{`outcome`, "vm_lost"},
		{`setting + "/" + 17`, "full/17"},
		{`outcome == "vm_lost" and detections == 2`, "yes"},
		{`outcome != "vm_lost" or detections != 2`, "no"},
		{`not outcome == "recovered"`, "yes"},
		{`not (steps > 1) or steps >= 2`, "yes"},
		{`true or false and false`, "yes"},
		{`steps`, "2"}, // of the first recovery
		{`step("nmi_ipi")`, "yes"},
		{`step("reinit_locks")`, "no"},
		{`detection.what has "page fault"`, "yes"},
		{`fault.line`, "vi/vmm/f.go:3"},
		{`lost`, "1"},
		{`right("d0") and wrong("d1")`, "yes"},
		{`detections < 3 and detections <= 2`, "yes"},
		// The right side is not asked where the left one has decided.
		{`true or right("d9")`, "yes"},
		{`false and right("d9")`, "no"},
	} {
		v, err := evaluated(c.expr)
		if err != nil || v.String() != c.want {
			t.Errorf("%s = %v %v, wanted %s", c.expr, v, err, c.want)
		}
	}
	for _, c := range []struct{ expr, want string }{
		{`outcome == 1`, "a text (vm_lost) cannot be compared with a number (1)"},
		{`outcome < "b"`, "< wants numbers, not a text and a text"},
		{`1 - 2`, "1 - 2 is below 0"},
		{`1 / 0`, "1 is divided by 0"},
		{`detection.kind(3)`, "full/17 has no detection 3"},
		{`1 and true`, "a condition is wanted"},
		{`1 has "a"`, "`has` looks for a text in a text"},
		{`step(1)`, "its argument 1 is a number, it must be a text"},
		{`right("d9")`, `full/17 says nothing of a VM "d9"`},
	} {
		if v, err := evaluated(c.expr); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s = %v %v, wanted %q", c.expr, v, err, c.want)
		}
	}
}

func evaluated(expr string) (Value, error) {
	x, err := ParseExpr(expr)
	if err != nil {
		return Value{}, err
	}
	return x.eval(rowScope())
}

func TestAnswersAreGraded(t *testing.T) {
	for _, c := range []struct {
		v         Value
		typed     string
		percent   uint64
		right, ok bool
	}{
		{number(1200), "1200", 0, true, true},
		{number(1200), " 1,200 ", 0, true, true},
		{number(1200), "0x4b0", 0, true, true},
		{number(1200), "1201", 0, false, true},
		{number(1200), "1260", 5, true, true},
		{number(1200), "1140", 5, true, true},
		{number(1200), "1261", 5, false, true},
		{number(1<<64 - 1), "18446744073709551615", 100, true, true},
		{number(1200), "many", 5, false, false},
		{number(1200), "", 5, false, false},
		{hex(0xff), "ff", 0, true, true},
		{hex(0xff), "0xFF", 0, true, true},
		{hex(0x10), "10", 0, false, true}, // ten
		{truth(true), "Yes", 0, true, true},
		{truth(true), "n", 0, false, true},
		{truth(true), "perhaps", 0, false, false},
		{text("main.f"), "F", 0, true, true},
		{text("main.f"), "main.f", 0, true, true},
		{text("main.f"), "g", 0, false, true},
		{text("main.f"), "", 0, false, false},
	} {
		if right, ok := c.v.Accepts(c.typed, c.percent); right != c.right || ok != c.ok {
			t.Errorf("%v, typed %q, within %d %%: %v %v", c.v, c.typed, c.percent, right, ok)
		}
	}
	k := Key{Choice: 1}
	for typed, want := range map[string][2]bool{"b": {true, true}, "B ": {true, true}, "2": {true, true}, "a": {false, true}, "d": {false, false}, "0": {false, false}, "": {false, false}, "ab": {false, false}} {
		if right, ok := k.Grade(typed, 3); right != want[0] || ok != want[1] {
			t.Errorf("choice b of 3, typed %q: %v %v", typed, right, ok)
		}
	}
}

// What needs no machine is told from what does.
func TestRowAlone(t *testing.T) {
	for expr, want := range map[string]bool{`outcome == "a" and step("b")`: true, `broken == 1`: false, `outcome with "a" == "b"`: false, `steps + detections > 1`: true} {
		x, err := ParseExpr(expr)
		if err != nil || ofRowAlone(x) != want {
			t.Errorf("%s: %v %v", expr, !want, err)
		}
	}
}
