package step

import (
	"strings"

	"github.com/gdamore/tcell/v2"

	"resvirt/experiments/recording"
)

// mouse is what was done with it, and where. All of it can be done with keys as well.
type mouse struct {
	x, y int
	did  gesture
}

func (mouse) event() {}

// gesture is something done with a mouse.
type gesture uint8

// Gestures.
const (
	noGesture gesture = iota
	click
	wheelUp
	wheelDown
)

// gestureOf is what the terminal tells, and which buttons are held now.
func gestureOf(e *tcell.EventMouse, held tcell.ButtonMask) (gesture, tcell.ButtonMask) {
	b := e.Buttons()
	switch {
	case b&tcell.WheelUp != 0:
		return wheelUp, held
	case b&tcell.WheelDown != 0:
		return wheelDown, held
	case b&tcell.Button1 != 0 && held&tcell.Button1 == 0:
		return click, b
	}
	return noGesture, b
}

// wheelRows is by how many rows the wheel moves.
const wheelRows = 3

// pointed is what a gesture does: a click gives a pane the focus and moves its cursor, on the timeline it
// jumps; the wheel moves the cursor, on the timeline it steps.
func (s State) pointed(m mouse) (State, command) {
	if s.Line.open || s.Await != "" || m.did == noGesture {
		return s, nil
	}
	k := key("Down")
	if m.did == wheelUp {
		k = "Up"
	}
	switch {
	case s.Page.open && m.did != click:
		return s.times(wheelRows, k), nil
	case s.Page.open:
		return s, nil
	case s.Screen == picking && m.did != click:
		return s.times(wheelRows, k), nil
	case s.Screen == picking:
		return s.cursorTo(placed{w: s.W, h: s.H - s.footRows()}, m.y, draw(&s)), nil
	case s.Run == nil || s.Now == nil:
		return s, nil
	}
	for _, at := range s.layout() {
		if m.x < at.x || m.x >= at.x+at.w || m.y < at.y || m.y >= at.y+at.h {
			continue
		}
		if at.id == timelinePane {
			return s.pointTimeline(m, at)
		}
		before := draw(&s)
		s = s.focus(at.id)
		if m.did == click {
			return s.cursorTo(at, m.y, before), nil
		}
		return s.times(wheelRows, k), nil
	}
	return s, nil
}

// times presses a key that moves a cursor some times.
func (s State) times(n int, k key) State {
	for range n {
		s, _ = s.press(k)
	}
	return s
}

// pointTimeline steps by the wheel, and jumps to where a click is.
func (s State) pointTimeline(m mouse, at placed) (State, command) {
	switch m.did {
	case wheelUp:
		return s, byInstruction{-1}
	case wheelDown:
		return s, byInstruction{+1}
	}
	now, ok := s.Now.Facts[timelinePane].(*course)
	if !ok {
		return s.focus(timelinePane), nil
	}
	b := box{w: at.w}
	if at.bordered() {
		at.x++
		b.w -= 2
	}
	c := timelineScale(b, now)
	x := m.x - at.x - timelineLabel
	if x < 0 || x >= c.w || c.w < 2 {
		return s.focus(timelinePane), nil
	}
	to := c.from + recording.Position(float64(x)/float64(c.w-1)*float64(c.to-c.from))
	return s.focus(timelinePane), seek{max(min(to, s.Run.End), s.Run.Start)}
}

// cursorTo moves the cursor to a row of the screen, or to where what stood there before the pane had the
// focus stands now.
func (s State) cursorTo(at placed, y int, before *cells) State {
	now := draw(&s)
	from, want := now.cursorIn(at), before.rowIn(at, y)
	if from < 0 || want == "" {
		return s
	}
	for d := range at.h {
		if now.rowIn(at, y+d) == want {
			y += d
			break
		}
		if now.rowIn(at, y-d) == want {
			y -= d
			break
		}
	}
	k, n := key("Down"), y-from
	if n < 0 {
		k, n = "Up", -n
	}
	for ; n > 0; n-- {
		s, _ = s.press(k)
		if now = draw(&s); now.rowIn(at, now.cursorIn(at)) == want { // an item may have two rows
			break
		}
	}
	return s
}

// cursorIn is the row with the cursor in a part of the screen, -1 if there is none.
func (c *cells) cursorIn(at placed) int {
	for y := at.y; y < at.y+at.h; y++ {
		if x := at.x + at.w/2; c.at[y*c.w+x].style.reverse {
			return y
		}
	}
	return -1
}

// rowIn is the text of a row in a part of the screen without its borders.
func (c *cells) rowIn(at placed, y int) string {
	if y < at.y || y >= at.y+at.h {
		return ""
	}
	var b strings.Builder
	for x := at.x + 1; x < at.x+at.w-1; x++ {
		b.WriteRune(c.at[y*c.w+x].r)
	}
	return b.String()
}
