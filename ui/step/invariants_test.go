package step

import (
	"testing"

	"resvirt/faults"
)

// Enter on an invariant that is broken goes to where it breaks: there the pane says so, and one
// instruction before it does not, unless it was under way there. What is only under way is
// not counted as broken.
func TestSinceWhenAnInvariantIsBroken(t *testing.T) {
	t.Parallel()
	x := opened(t, 80, 24, "full", faults.Recovered)
	x.asides()
	for i, e := range x.s.Run.Events {
		if i > 6 {
			break
		}
		x.do(seek{e.Position})
		x.keys("4")
		for row, a := range x.s.ailments() {
			if a.holds || a.more > 0 || a.way != "" {
				continue
			}
			x.do(seek{e.Position})
			x.s.Rows[invariantsPane].cursor = row
			x.keys("Enter")
			state := func() (found, way bool) {
				for _, b := range x.s.Now.Facts[invariantsPane].(*damage).now {
					if b.where == a.where {
						return true, b.way != ""
					}
				}
				return false, false
			}
			at := x.s.Now.At
			if found, _ := state(); !found || at > e.Position {
				t.Errorf("Enter on %v at %d leads to %d, where it holds", a.where, e.Position, at)
			}
			x.do(seek{at - 1})
			if found, way := state(); found && !way && at != x.s.Run.Row.Strike.Position {
				t.Errorf("%v is said to be broken since %d and is broken at %d", a.where, at, x.s.Now.At)
			}
		}
	}
}

// What is under way is told of and is not counted as broken.
func TestUnderWayIsNotBroken(t *testing.T) {
	t.Parallel()
	x := &session{t: t, s: specimen(80, 24).focus(invariantsPane)}
	x.s.Zoom = true
	x.sees("1 broken, 1 under way", "~ d2v0.lock", "since F+12")
	x.s, _ = update(x.s, key("Down"))
	x.s, _ = update(x.s, key("Enter"))
	x.sees("this is under way and not broken")
}
