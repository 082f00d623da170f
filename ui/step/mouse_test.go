package step

import (
	"slices"
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"

	"resvirt/faults"
)

// at is the first place of a text on the screen.
func at(t *testing.T, s *State, text string) (x, y int) {
	t.Helper()
	for y, line := range strings.Split(draw(s).String(), "\n") {
		if before, _, ok := strings.Cut(line, text); ok {
			return width(before), y
		}
	}
	t.Fatalf("%q is not on the screen:\n%s", text, draw(s))
	return 0, 0
}

// A click gives the pane the focus, and its cursor goes to the line that was clicked, in lists that have it
// already and in others; the wheel moves it.
func TestClicks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		show string
		id   paneID
		on   string
	}{
		{"", registersPane, "rdx  "}, {"3", registersPane, "rbp  "}, {"", invariantsPane, "sched[1].lock"}, {"", componentsPane, "d2   "},
		{"7", stackPane, "main.recoverVMM"}, {"8", memoryPane, "ffff83000021ff70"}, {"8z", memoryPane, "ffff83000021ff40"}, {"S", structuresPane, "policy"}, {"1", sourcePane, "c = CPU1"},
	} {
		s := specimen(80, 24)
		for _, k := range c.show {
			s, _ = update(s, key(string(k)))
		}
		if c.show == "7" || c.show == "8" {
			s = s.focus(componentsPane)
		}
		x, y := at(t, &s, c.on)
		s, _ = update(s, mouse{x, y, click})
		if s.Focus != c.id {
			t.Errorf("a click on %q focuses %s", c.on, s.Focus.pane().name)
			continue
		}
		now := draw(&s)
		for _, p := range s.layout() {
			if p.id == c.id && !strings.Contains(now.rowIn(p, now.cursorIn(p)), c.on) {
				t.Errorf("a click on %q puts the cursor on %q", c.on, now.rowIn(p, now.cursorIn(p)))
			}
		}
		was := s.Rows[c.id].cursor
		s, _ = update(s, mouse{x, y, wheelUp})
		s, _ = update(s, mouse{x, y, wheelDown})
		if got := s.Rows[c.id].cursor; got < was && was >= wheelRows {
			t.Errorf("%s: the wheel up and down leaves the cursor at %d, it was at %d", c.id.pane().name, got, was)
		}
	}
}

// A click on the timeline goes there: on F to about where the fault is.
func TestClickOnTheTimeline(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{80, 24}, {160, 48}} {
		x := opened(t, size[0], size[1], "full", faults.Recovered)
		_, y := at(t, &x.s, map[int]string{80: " this ", 160: " events"}[size[0]])
		line := []rune(strings.Split(draw(&x.s).String(), "\n")[y])
		column := slices.Index(line, 'F')
		x.keys("E")
		x.send(mouse{column, y, click})
		strike, cell := x.s.Run.Row.Strike.Position, (max(x.s.Run.End, x.s.Run.GoldenEnd)-x.s.Run.Start)/uint64(size[0]-20)+1
		if p := x.s.Now.At; p > strike+cell || p+cell < strike {
			t.Errorf("%v: a click on F leads to %d, the fault is at %d", size, p, strike)
		}
		before := x.s.Now.At
		x.send(mouse{column, y, wheelDown})
		if x.s.Now.At != before+1 {
			t.Errorf("the wheel leads from %d to %d", before, x.s.Now.At)
		}
	}
}

// No click makes anything fail, wherever it is.
func TestClicksAnywhere(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{20, 6}, {80, 24}, {160, 48}} {
		for id := range panes {
			for y := -1; y <= size[1]; y += 5 {
				for x := -1; x <= size[0]; x += 29 {
					for _, g := range []gesture{click, wheelUp, wheelDown} {
						s := specimen(size[0], size[1]).focus(id)
						s, _ = update(s, mouse{x, y, g})
						_ = s
					}
				}
			}
		}
	}
}

// A button that is held down is one click.
func TestGestures(t *testing.T) {
	t.Parallel()
	var held tcell.ButtonMask
	var got []gesture
	for _, b := range []tcell.ButtonMask{tcell.Button1, tcell.Button1, tcell.ButtonNone, tcell.Button1, tcell.ButtonNone, tcell.WheelUp, tcell.WheelDown, tcell.Button2} {
		var g gesture
		g, held = gestureOf(tcell.NewEventMouse(1, 2, b, 0), held)
		got = append(got, g)
	}
	if want := []gesture{click, noGesture, noGesture, click, noGesture, wheelUp, wheelDown, noGesture}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	s := specimen(80, 24)
	for _, k := range ":mouse off" {
		s, _ = update(s, key(string(k)))
	}
	if s, _ = update(s, key("Enter")); !s.NoMouse {
		t.Error(":mouse off leaves it on")
	}
}
