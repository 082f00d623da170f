package step

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/recording"
)

// whatif switches recovery steps off and on and shows what becomes of the run then, and of
// all faults of the campaign.
func whatif() *pane {
	p := facts(pane{name: "What if", key: "6", slot: lowRight, about: "other recovery steps: Space switches the one under the cursor, Enter executes the run so, / finds a step, o steps through it (and back), B through both, A executes all faults of this type so"}, gatherWhatif, drawWhatif)
	p.press = pressWhatif
	return p
}

func (c *choices) title(s *State) string {
	switch text := s.What.text(c); {
	case text == "":
		return "What if"
	case s.What.fork(text) == nil && s.What.sweep(text) == nil:
		return "Draft: " + text // nothing has executed it yet
	default:
		return "What if: " + text
	}
}

func gatherWhatif(_ context.Context, d *desk) *choices {
	return d.of.choices()
}

// choices are those of the run. They depend on no position, so that keys that come before a
// position has been looked at are not lost.
func (r *subject) choices() *choices {
	c := &choices{}
	for _, name := range r.Steps {
		c.steps = append(c.steps, choice{name: name, on: slices.Contains(r.Base.setting.Steps, name), announced: r.Base.announces(name)})
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

// faultless says that the fault is switched off. Which steps are makes no difference then.
func (w *what) faultless() bool { return slices.Contains(w.switched, theFault) }

func (w *what) text(c *choices) string {
	if w.faultless() {
		return withoutFault
	}
	ch := w.change(c)
	return ch.String()
}

// told is the change in words.
func (w *what) told(s State) string {
	if text := w.text(s.Run.choices()); text != "" {
		return text
	}
	return "nothing is switched"
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

// switches switches a step, which u takes back.
func (s State) switches(name string) State {
	s = s.undoable(undoable{switches: true, switched: s.What.switched})
	s.What = s.What.toggle(name)
	return s
}

// toggleHere switches the step during which one stands: a draft, which Enter executes. Where no
// recovery is under way it only goes to the pane.
func toggleHere(s State) (State, command) {
	name, under := "", false
	for _, e := range s.Run.Events {
		if e.Position > s.Now.At {
			break
		}
		if slices.Contains(s.Run.Steps, e.Name) {
			name, under = e.Name, true
		}
		if e.Kind == recording.Complete || e.Kind == recording.End {
			under = false
		}
	}
	s = s.focus(whatifPane)
	if !under {
		s.Say = "no recovery step is under way here: / finds one, Space switches it, Enter runs"
		if name != "" {
			s = s.point(name)
		}
		return s, nil
	}
	s = s.switches(name).point(name)
	s.Say = "the run " + s.What.told(s) + "? Enter executes it, Esc or u forgets it"
	return s, nil
}

func pressWhatif(s State, k key) (State, command, bool) {
	now, ok := s.Run.choices(), false
	list := s.offered(now)
	r := &s.Rows[whatifPane]
	switch k {
	case "Left":
		k = "Up"
	case "Right":
		k = "Down"
	case "Up", "Down", "k", "j":
		by := 1
		if k == "Up" || k == "k" {
			by = -1
		}
		r.cursor = inFlow(list, s.paneWidth(whatifPane)).above(r.cursor, by)
		return s, nil, true
	}
	if *r, ok = r.press(k, len(list)); ok {
		return s, nil, true
	}
	change := s.What.change(now)
	text := s.What.text(now)
	switch k {
	case " ":
		s = s.switches(list[min(r.cursor, len(list)-1)].name)
		return s, nil, true
	case "/":
		return s.ask(leadStep), nil, true
	case "o":
		return s, openFork{text}, true
	case "Esc":
		if text == "" || s.What.fork(text) != nil || s.What.sweep(text) != nil {
			return s, nil, false
		}
		s = s.undoable(undoable{switches: true, switched: s.What.switched})
		s.What.switched = nil
		s.Say = "forgotten: " + text
		return s, nil, true
	case "Enter", "A":
		switch {
		case text == "":
			s.Say = "nothing is switched: Space switches the step under the cursor"
			return s, nil, true
		case k == "Enter":
			return s, fork{change, s.What.faultless()}, true
		case s.What.faultless():
			s.Say = "without faults there is nothing to count: each run is the golden one"
			return s, nil, true
		}
		return s, sweep{change}, true
	}
	return s, nil, false
}

func drawWhatif(b box, s *State, now, _ *choices) {
	y := drawSteps(b, s, now)
	text := s.What.text(now)
	f, w := s.What.fork(text), s.What.sweep(text)
	if f == nil && w == nil {
		hint := "● on, ○ off. Space switches one, Enter executes the run so"
		switch {
		case s.What.faultless():
			hint = "Enter: the run " + text
		case text != "":
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
			mark, st := f.mark()
			b.fit(0, y, b.w, mark+"  "+f.text, st)
			y++
		}
	}
}

// outcomeMark is an outcome as glyph, word and style.
func outcomeMark(r *experiments.Row) (string, style) {
	text := strings.ToUpper(strings.ReplaceAll(r.Outcome.String(), "_", " "))
	if r.Outcome.Unsurvived() {
		return "✗ " + text, style{bold: true, color: bad}
	}
	return "✓ " + text, style{bold: true, color: good}
}

// mark is what became of the run.
func (f *forked) mark() (string, style) {
	if f.faultless {
		return "✓ GOLDEN RUN", style{bold: true, color: good}
	}
	return outcomeMark(f.row)
}

// drawFork paints the run beside the one with other steps.
func drawFork(b box, y int, s *State, f *forked) int {
	say := func(label, mark string, st style, r *experiments.Row) {
		x := b.text(0, y, label+" ", style{bold: true})
		x = b.text(x, y, mark, st)
		b.fit(x+2, y, b.w-x-2, strings.TrimSpace(verdicts(r)+"  "+r.Reason), style{})
		y++
	}
	mark, st := outcomeMark(s.Run.Base.row)
	say("A", mark, st, s.Run.Base.row)
	mark, st = f.mark()
	say("B", mark, st, f.row)
	for _, text := range f.lines() {
		for _, l := range wrap(text, b.w) {
			b.text(0, y, l, style{})
			y++
		}
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
	list := []string{f.parts, fmt.Sprintf("ends: A %v, B %v", f.endA, f.row.EndTime)}
	if f.faultless {
		list = append(list, "B is the golden run: executed to its end, it ends in the same state. Nothing is detected in it and no step runs, so that switched steps make no difference.")
	}
	return list
}
