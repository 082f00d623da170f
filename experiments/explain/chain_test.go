package explain

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/vi/inspect"
)

// An explanation as a list of places to go to.
func TestChain(t *testing.T) {
	lock := inspect.Violation{Kind: inspect.Locks, Place: "main.lk", Is: "held by CPU 1", Should: "free"}
	e := Explanation{
		Fault: "rip flipped", CPU: 1, Position: 90, At: Line{Function: "main.f", File: "f.go", Line: 3}, Complete: true,
		Detection: &Detected{What: "panic: assertion", CPU: 1, Position: 100, Violations: []inspect.Violation{lock},
			Evidence: []Fact{{Kind: AboutLock, CPU: 1, Position: 100, Object: "main.lk", Count: 1}},
			CPUs:     []Chain{{0, "in a VM", nil}, {1, "in the VMM", []Line{{Function: "main.g", File: "g.go", Line: 1, Source: "assert(x)"}}}}},
		Steps: []Effect{
			{Name: "microreboot", CPU: 1, Position: 120, Changes: Changes{Repaired: []inspect.Violation{lock}}, Beside: []Beside{{Who: "CPU 0"}}},
			{Name: "recovery complete", CPU: 1, Position: 150},
		},
		End: End{Cause: ParseCause("failed again after recovery: x; recovery left wrong: vcpus"), Position: 300,
			Evidence: []Fact{{Kind: TakenAndLost, CPU: 0, Position: 80, Places: []Line{{Function: "main.h", File: "h.go", Line: 2}}}}},
	}
	var got []string
	for _, l := range e.Chain() {
		line := ""
		if l.Line != nil {
			line = " @" + l.Line.Function
		}
		got = append(got, fmt.Sprintf("%v %d %d %d %s%s", l.Kind, l.Depth, l.CPU, l.Position, l.Text, line))
	}
	want := []string{
		"fault 0 1 90 rip flipped @main.f",
		"detection 0 1 100 panic: assertion @main.g",
		"evidence 1 1 100 it is about lock main.lk, held by CPU 1",
		"under 1 1 100 main.g (g.go:1)  assert(x) @main.g",
		"wrong 1 -1 100 locks: main.lk is held by CPU 1, should be free",
		"step 0 1 120 microreboot: 1 repaired, 0 new, 0 left",
		"repaired 1 1 150 locks: main.lk is held by CPU 1, should be free",
		"meanwhile 1 -1 150 meanwhile CPU 0: 0 repaired, 0 new",
		"step 0 1 150 recovery complete: 0 repaired, 0 new, 0 left",
		"completion 0 -1 150 recovery is complete: 0 violated invariants",
		"end 0 -1 300 failed again after recovery: x; recovery left wrong: vcpus",
		"evidence 1 0 80 the lock was taken at position 80 by a thread of CPU 0 that recovery discarded, in main.h (h.go:2) @main.h",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the chain is\n%s\nshould be\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// checkChain: each line of a chain can be gone to.
func checkChain(t *testing.T, e *Explanation, row *experiments.Row, start, end uint64) {
	t.Helper()
	last, kinds := uint64(0), map[LinkKind]int{}
	for _, l := range e.Chain() {
		kinds[l.Kind]++
		switch {
		case l.Text == "":
			t.Errorf("%s: %+v says nothing", row.Run(), l)
		case l.Position != 0 && (l.Position < start || l.Position > end):
			t.Errorf("%s: %q is at %d, outside of the run", row.Run(), l.Text, l.Position)
		case l.Depth == 0 && l.Position < last:
			t.Errorf("%s: %q is at %d, behind %d", row.Run(), l.Text, l.Position, last)
		}
		if l.Depth == 0 {
			last = l.Position
		}
	}
	chain := e.Chain()
	if chain[0].Position != row.Strike.Position || chain[1].Position != row.Detections[0].Position || last != row.EndPosition ||
		kinds[Step] != len(e.Steps) || kinds[Evidence] != len(e.Detection.Evidence)+len(e.End.Evidence) || kinds[Under] == 0 {
		t.Errorf("%s: the chain is not that of the run: %v\n%+v", row.Run(), kinds, chain)
	}
}
