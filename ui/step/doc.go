// Package step is the terminal interface that steps through a stored run.
//
// # Shape
//
// Everything is decided by two pure functions. update takes a State and an event (a
// key, a resize, a result) and returns the next State and at most one command. draw
// paints a State into cells. Neither waits, looks at the clock, or touches a recording.
//
// All that touches a recording is done by the desk (desk.go), on one goroutine, command
// after command; a result comes back as an event. loop.go alone knows the terminal,
// goroutines and signals. A test is a loop without them: it sends keys to update, lets
// the desk do the commands at once, and compares the cells with a text file.
//
// # Panes
//
// A pane is one file, pane_NAME.go, with three functions and a line in the table
// of panes.go:
//
//	gather(ctx, *desk) F   looks at the recording and returns facts: plain data that nobody
//	                       changes afterwards. The desk runs it at each position, if the
//	                       pane is on the screen. It must be quick: a few milliseconds.
//	later(ctx, *desk, F) F adds to the facts what takes longer. It is run when all quick facts
//	                       are on the screen; ctx ends when a key is pressed meanwhile. What
//	                       it finds should be kept in the desk. May be nil.
//	draw(box, *State, now, last F)  paints the facts; pure. last are those of the position
//	                       before, so that a pane can say what the last step changed; zero if
//	                       nothing is known. box clips: nothing can be painted outside.
//	press(State, key) (State, command, bool)  the keys of the pane while it has the focus;
//	                       false passes a key on. May be nil.
//
// What holds for a whole run and takes seconds (asides.go) is found on a goroutine and
// machines of its own while the user steps, and becomes a member of State.
//
// What gather needs to know of the State goes through Ask (state.go): plain comparable
// data. When Ask changes, the desk gathers again. A list with a cursor uses rows
// (rows.go). What is not known is said in the pane (missing), never painted as if it
// were: that holds for facts that other packages do not give yet, too.
//
// A pane's state is said by a glyph and a word; colour only repeats it (style.go).
//
// Tests of a pane: golden screens of invented facts (specimen_test.go, screens_test.go; go
// test ./ui/step -update writes them anew), which do not change when images do; and
// an assertion on a fact that was taken from a row of a real run, so that a golden file
// cannot bless a wrong screen. The recording is shared by all tests of the binary
// (shared_test.go).
package step
