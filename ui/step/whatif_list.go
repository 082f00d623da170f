package step

// The list of the what-if pane: what can be switched, in which order, where each stands, and how
// one is found.

import (
	"slices"
	"strings"
)

// choices are the steps that can be switched.
type choices struct {
	steps []choice
}

type choice struct {
	name      string
	on        bool // in the stored run's setting
	announced bool // in the stored run
	try       bool // it would help, as runs of the same fault under other settings show
}

// theFault is the entry of the fault itself. No step has this name, since those have no blanks.
const theFault = "the fault"

// offered are all entries in the order in which they are shown: the fault, steps to try first, the
// others.
func (s *State) offered(c *choices) []choice {
	list := []choice{{name: theFault, on: true}}
	for _, name := range s.tries() {
		if i := slices.IndexFunc(c.steps, func(x choice) bool { return x.name == name }); i >= 0 {
			x := c.steps[i]
			x.try = true
			list = append(list, x)
		}
	}
	for _, x := range c.steps {
		if !slices.Contains(s.tries(), x.name) {
			list = append(list, x)
		}
	}
	return list
}

// point puts the cursor on an entry.
func (s State) point(name string) State {
	if i := slices.IndexFunc(s.offered(s.Run.choices()), func(x choice) bool { return x.name == name }); i >= 0 {
		s.Rows[whatifPane].cursor = i
	}
	return s
}

// leadStep is the prompt at which the name of an entry is typed.
const leadStep = "step: "

// findStep puts the cursor on the first entry whose name begins so, or else has it in it.
func (s State) findStep(text string) State {
	c := s.Run.choices()
	if text == "" {
		return s
	}
	for _, fits := range []func(string, string) bool{strings.HasPrefix, strings.Contains} {
		for i, x := range s.offered(c) {
			if fits(x.name, strings.ToLower(text)) {
				s.Rows[whatifPane].cursor, s.Say = i, x.name+": Space switches it"
				return s
			}
		}
	}
	s.Say = "no step has " + text + " in its name"
	return s
}

// flow is where entries stand that follow each other in lines.
type flow []struct{ x, y int }

// inFlow places entries in w columns.
func inFlow(list []choice, w int) flow {
	at := make(flow, len(list))
	x, y := 0, 0
	for i, c := range list {
		n := width(c.label()) + 2 // the cursor's glyph and that of its state
		if x+n > w && x > 0 {
			x, y = 0, y+1
		}
		at[i].x, at[i].y = x, y
		x += n + 1
	}
	return at
}

// above is the entry in the line above, or with by = 1 below, which begins nearest; from the
// first line and the last it is the first and the last entry.
func (f flow) above(i, by int) int {
	i = min(i, len(f)-1)
	best := -1
	for j, p := range f {
		if p.y == f[i].y+by && (best < 0 || abs(p.x-f[i].x) < abs(f[best].x-f[i].x)) {
			best = j
		}
	}
	switch {
	case best >= 0:
		return best
	case by < 0:
		return 0
	}
	return len(f) - 1
}

func abs(n int) int { return max(n, -n) }

// paneWidth is how many columns there are within a pane.
func (s *State) paneWidth(id paneID) int {
	for _, p := range s.layout() {
		if p.id == id {
			return p.w - 2
		}
	}
	return s.W - 2
}

// drawSteps paints the steps in a row, or as many rows as are needed, the row of the cursor
// first where there is little room.
func drawSteps(b box, s *State, now *choices) int {
	list := s.offered(now)
	cursor := min(s.Rows[whatifPane].cursor, len(list)-1)
	room := max(b.h/3, 1)
	at := inFlow(list, b.w)
	y := at[len(at)-1].y
	found := 2 // rows for what is found
	if text := s.What.text(now); s.What.fork(text) != nil || s.What.sweep(text) != nil {
		found = 8
	}
	room = max(room, min(y+1, b.h-found))
	top := max(min(at[cursor].y-room/2, y+1-room), 0)
	for i, c := range list {
		if at[i].y < top || at[i].y >= top+room {
			continue
		}
		on := c.on != slices.Contains(s.What.switched, c.name)
		glyph, st := "○", style{dim: true}
		if on {
			glyph, st = "●", style{}
		}
		if c.on != on {
			st = style{bold: true, color: notice}
		}
		if i == cursor && s.Focus == whatifPane {
			st.reverse = true
			b.set(at[i].x, at[i].y-top, '>', style{bold: true})
		}
		b.text(at[i].x+1, at[i].y-top, glyph+c.label(), st)
	}
	return min(room, y+1)
}

// label is the name, and that it is to be tried first.
func (c *choice) label() string {
	if c.try {
		return c.name + " (try first)"
	}
	return c.name
}
