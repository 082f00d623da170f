package step

import (
	"fmt"
	"testing"

	"resvirt/experiments/recording"
	"resvirt/faults"
)

// A run opens at its fault. n goes from event to event as the row has them, N back.
func TestEvents(t *testing.T) {
	t.Parallel()
	x := opened(t, 80, 24, "full", faults.Recovered)
	row := x.s.Run.Row
	if x.s.Now.At != row.Strike.Position {
		t.Fatalf("opened at %d, the fault strikes at %d", x.s.Now.At, row.Strike.Position)
	}
	x.sees(row.Run(), "RECOVERED", commas(row.Strike.Position), row.Strike.What)
	var list []recording.Position
	for _, e := range x.s.Run.Events {
		if e.Position > x.s.Now.At && (len(list) == 0 || e.Position != list[len(list)-1]) {
			list = append(list, e.Position)
		}
	}
	for _, p := range list {
		if x.keys("n"); x.s.Now.At != p {
			t.Fatalf("n leads to %d, the next event is at %d", x.s.Now.At, p)
		}
	}
	x.keys("n")
	x.sees("the run ends here")
	for i := len(list) - 2; i >= 0; i-- {
		if x.keys("N"); x.s.Now.At != list[i] {
			t.Fatalf("N leads to %d, the event before is at %d", x.s.Now.At, list[i])
		}
	}
	x.keys("E", "D")
	if x.s.Now.At != row.Detections[0].Position {
		t.Errorf("D leads to %d, the detection is at %d", x.s.Now.At, row.Detections[0].Position)
	}
	x.keys("u")
	if x.s.Now.At != row.EndPosition {
		t.Errorf("u leads back to %d, the jump came from %d", x.s.Now.At, row.EndPosition)
	}
}

// Instructions and lines lead there and back, and the registers on the screen are those of
// the machine.
func TestSteps(t *testing.T) {
	t.Parallel()
	x := opened(t, 160, 48, "full", faults.Recovered)
	x.keys("D")
	at := x.s.Now.At
	x.keys(".", ".", ".")
	if x.s.Now.At != at+3 {
		t.Errorf("three instructions lead from %d to %d", at, x.s.Now.At)
	}
	m := x.d.rec.Run.Machine()
	x.sees(fmt.Sprintf("%016x", m.Register(x.s.Now.CPU, faults.RIP)), fmt.Sprintf("%016x", m.Register(x.s.Now.CPU, 4)))
	x.keys(",", ",", ",")
	if x.s.Now.At != at {
		t.Errorf("and back to %d", x.s.Now.At)
	}
	x.types("D+120")
	if x.s.Now.At != at+120 {
		t.Errorf("D+120 is %d", x.s.Now.At-at)
	}
	line := x.s.Now.Place
	x.keys("l")
	if x.s.Now.Place.Line == line.Line && x.s.Now.Place.File == line.File {
		t.Errorf("l stays in %s:%d", line.File, line.Line)
	}
	x.types("nonsense")
	x.sees("nonsense")
}
