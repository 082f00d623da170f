package step

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"resvirt/experiments"
)

// whatif switches recovery steps off and on and shows what becomes of the run then, and of
// all faults of the campaign.
func whatif() *pane {
	p := facts(pane{name: "What if", key: "6", slot: lowRight, about: "other recovery steps: Space switches the one under the cursor, Enter executes the run so, o steps through it (and back), A executes all faults of this type so"}, gatherWhatif, drawWhatif)
	p.press = pressWhatif
	return p
}

// choices are the steps that can be switched.
type choices struct {
	steps []choice
}

type choice struct {
	name      string
	on        bool // in the stored run's setting
	announced bool // in the stored run
}

func (c *choices) title(s *State) string {
	if text := s.What.text(c); text != "" {
		return "What if: " + text
	}
	return "What if"
}

func gatherWhatif(_ context.Context, d *desk) *choices {
	c := &choices{}
	for _, name := range d.of.Steps {
		c.steps = append(c.steps, choice{name, slices.Contains(d.of.Base.setting.Steps, name), d.of.Base.announces(name)})
	}
	return c
}

// what is what was asked for and found in this pane. Slices are never changed.
type what struct {
	switched []string // steps that are not as in the stored run
	forks    []*forked
	sweeps   []*swept
}

// change is that of the stored run's setting.
func (w *what) change(c *choices) (ch experiments.Change) {
	for _, s := range c.steps {
		switch {
		case !slices.Contains(w.switched, s.name):
		case s.on:
			ch.Without = append(ch.Without, s.name)
		default:
			ch.With = append(ch.With, s.name)
		}
	}
	return ch
}

func (w *what) text(c *choices) string {
	ch := w.change(c)
	return ch.String()
}

// toggle switches a step.
func (w what) toggle(name string) what {
	if i := slices.Index(w.switched, name); i >= 0 {
		w.switched = slices.Delete(slices.Clone(w.switched), i, i+1)
	} else {
		w.switched = append(slices.Clip(w.switched), name)
	}
	return w
}

func (w *what) fork(text string) *forked {
	for _, f := range w.forks {
		if f.text == text {
			return f
		}
	}
	return nil
}

func (w *what) sweep(text string) *swept {
	for _, f := range w.sweeps {
		if f.text == text {
			return f
		}
	}
	return nil
}

// toggleHere switches the step during which one stands.
func toggleHere(s State) (State, command) {
	name := ""
	for _, e := range s.Run.Events {
		if e.Position <= s.Now.At && slices.Contains(s.Run.Steps, e.Name) {
			name = e.Name
		}
	}
	s = s.focus(whatifPane)
	if name == "" {
		s.Say = "no recovery step has begun here; choose one with the arrows, Space switches it"
		return s, nil
	}
	s.What = s.What.toggle(name)
	s.Rows[whatifPane].cursor = slices.Index(s.Run.Steps, name)
	s.Say = "Enter executes the run with " + name + " switched"
	return s, nil
}

func pressWhatif(s State, k key) (State, command, bool) {
	now, ok := s.Now.Facts[whatifPane].(*choices)
	if !ok || len(now.steps) == 0 {
		return s, nil, false
	}
	r := &s.Rows[whatifPane]
	switch k {
	case "Left":
		k = "Up"
	case "Right":
		k = "Down"
	}
	if *r, ok = r.press(k, len(now.steps)); ok {
		return s, nil, true
	}
	change := s.What.change(now)
	text := change.String()
	switch k {
	case " ":
		s.What = s.What.toggle(now.steps[min(r.cursor, len(now.steps)-1)].name)
		return s, nil, true
	case "o":
		return s, openFork{text}, true
	case "Enter", "A":
		if text == "" {
			s.Say = "nothing is switched: Space switches the step under the cursor"
			return s, nil, true
		}
		if k == "A" {
			return s, sweep{change}, true
		}
		return s, fork{change}, true
	}
	return s, nil, false
}

func drawWhatif(b box, s *State, now, _ *choices) {
	y := drawSteps(b, s, now)
	text := s.What.text(now)
	f, w := s.What.fork(text), s.What.sweep(text)
	if f == nil && w == nil {
		hint := "Space switches a step, Enter executes the run so"
		if text != "" {
			hint = "Enter: the run " + text + "; A: all faults of this type so"
		}
		b.fit(0, y, b.w, hint, style{dim: true})
		y++
	}
	if f != nil {
		y = drawFork(b, y, s, f)
	}
	if w != nil {
		for _, l := range wrap(w.words(), b.w) {
			b.text(0, y, l, style{bold: true})
			y++
		}
	}
	for _, f := range s.What.forks { // what else was tried
		if f.text != text {
			mark, st := outcomeMark(f.row)
			b.fit(0, y, b.w, mark+"  "+f.text, st)
			y++
		}
	}
}

// drawSteps paints the steps in a row, or as many rows as are needed, the row of the cursor
// first where there is little room.
func drawSteps(b box, s *State, now *choices) int {
	cursor := min(s.Rows[whatifPane].cursor, len(now.steps)-1)
	room := max(b.h/3, 1)
	type put struct{ x, y int }
	var at []put
	x, y := 0, 0
	for _, c := range now.steps {
		n := width(c.name) + 3
		if x+n > b.w && x > 0 {
			x, y = 0, y+1
		}
		at = append(at, put{x, y})
		x += n
	}
	top := 0
	if len(at) > 0 {
		top = max(min(at[cursor].y-room/2, y+1-room), 0)
	}
	for i, c := range now.steps {
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
		}
		b.text(at[i].x, at[i].y-top, glyph+c.name, st)
	}
	return min(room, y+1)
}

// outcomeMark is an outcome as glyph, word and style.
func outcomeMark(r *experiments.Row) (string, style) {
	text := strings.ToUpper(strings.ReplaceAll(r.Outcome.String(), "_", " "))
	if r.Outcome.Unsurvived() {
		return "✗ " + text, style{bold: true, color: bad}
	}
	return "✓ " + text, style{bold: true, color: good}
}

// drawFork paints the run beside the one with other steps.
func drawFork(b box, y int, s *State, f *forked) int {
	say := func(label string, r *experiments.Row) {
		mark, st := outcomeMark(r)
		x := b.text(0, y, label+" ", style{bold: true})
		x = b.text(x, y, mark, st)
		b.fit(x+2, y, b.w-x-2, verdicts(r)+"  "+r.Reason, style{})
		y++
	}
	say("A", s.Run.Base.row)
	say("B", f.row)
	for _, l := range f.lines() {
		b.fit(0, y, b.w, l, style{})
		y++
	}
	return y
}

// verdicts are the VMs' fates in short.
func verdicts(r *experiments.Row) string {
	var list []string
	for _, v := range r.Verdicts {
		mark := "✓"
		if v.Wrong || !v.Right {
			mark = "✗"
		}
		list = append(list, v.VM+" "+mark)
	}
	return strings.Join(list, " ")
}

// lines say where both part, and how they end.
func (f *forked) lines() []string {
	list := []string{f.parts}
	return append(list, fmt.Sprintf("ends: A %v, B %v", f.endA, f.row.EndTime))
}
