package step

import (
	"strings"
	"testing"

	"resvirt/experiments/recording"
	"resvirt/faults"
)

// n goes to each line, probe and end of a VM, and the timeline shows them.
func TestLinesProbesAndEndsAreEvents(t *testing.T) {
	t.Parallel()
	x := opened(t, 80, 24, "full", faults.Recovered)
	x.asides()
	x.types("start")
	var kinds [recording.End + 1]int
	for x.s.Now.At < x.s.Run.End {
		before := x.s.Now.At
		x.keys("n")
		if x.s.Now.At == before {
			t.Fatalf("n stays at %d: %s", before, x.s.Say)
		}
		serial := string(x.d.rec.Run.Machine().Serial())
		for _, e := range x.s.events() {
			if e.Position == x.s.Now.At {
				kinds[e.Kind]++
				if e.Kind == recording.Probed && !strings.HasSuffix(strings.TrimSpace(serial), e.Name) {
					t.Errorf("a probe says %q, the console ends with %q", e.Name, serial[max(len(serial)-40, 0):])
				}
			}
		}
		if x.s.Now.At < x.s.Run.End {
			text := []rune(x.s.lastEvent())
			x.sees(string(text[:min(len(text), 12)]))
		}
	}
	probes, lines := 0, 0
	for _, v := range x.s.Run.Row.Verdicts {
		if v.Probe == faults.ProbePassed {
			probes++
		}
	}
	for _, e := range x.s.events() {
		if e.Kind == recording.Printed {
			lines++
		}
	}
	if probes == 0 || kinds[recording.Probed] != probes || kinds[recording.Printed] != lines || kinds[recording.Gone] == 0 {
		t.Errorf("n led to so many of each kind: %v; the row has %d probes", kinds, probes)
	}
	x.keys("N")
	if e := x.s.events(); x.s.Now.At != e[len(e)-2].Position {
		t.Errorf("N from the end leads to %d", x.s.Now.At)
	}
	line := strings.Split(x.screen(), "\n")[2]
	for _, glyph := range []string{"p", "e", ":"} {
		if !strings.Contains(line[len(" this"):], glyph) {
			t.Errorf("the timeline has no %s: %s", glyph, line)
		}
	}
}
