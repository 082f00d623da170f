package step

import (
	"fmt"
	"strings"

	"resvirt/internal/words"
)

// draw paints a state.
func draw(s *State) *cells {
	c := newCells(max(s.W, 0), max(s.H, 0))
	all := c.all()
	switch {
	case s.Page.open:
		drawPage(all, s)
	case s.Screen == picking:
		drawPicker(all, s)
	case s.Run == nil || s.Now == nil:
		drawWaiting(all, s)
	case s.sides():
		s.drawSides(all)
	default:
		s.drawHead(all)
		for _, p := range s.layout() {
			s.drawPane(all.sub(p.x, p.y, p.w, p.h), p.id)
		}
	}
	if s.H > 1 {
		s.drawFoot(all)
	}
	return c
}

// drawPane paints a pane with its border, or without one if there is no room for it.
func (s *State) drawPane(b box, id paneID) {
	p := id.pane()
	in := b
	if (placed{id: id, h: b.h}).bordered() {
		in = b.frame(fmt.Sprintf("%s %s", p.key, s.title(id)), s.Focus == id && !s.passive)
		if s.Focus == id && !s.passive {
			b.footer(hintsOf(paneKeys(id), b.w-4))
		}
	}
	var last any
	if s.Last != nil {
		last = s.Last.Facts[id]
	}
	p.draw(in, s, s.Now.Facts[id], last)
}

// title is a pane's name, and more if it has more to say there.
func (s *State) title(id paneID) string {
	if t, ok := s.Now.Facts[id].(interface{ title(*State) string }); ok {
		return t.title(s)
	}
	return id.pane().name
}

// drawHead paints the first row: which run, what happened in it, what became of it.
func (s *State) drawHead(b box) {
	r := s.Run.Row
	outcome, st := outcomeMark(r)
	if s.Run.Faultless {
		outcome, st = "✓ GOLDEN RUN", style{bold: true, color: good}
	}
	name := r.Run()
	if s.Run.Change != "" {
		name += " " + s.Run.Change
	}
	left := " " + s.letter_() + name
	if s.W >= wide {
		left = " " + s.letter_() + "resvirt  " + s.Run.Path + " › " + strings.Replace(name, "/", " › ", 1)
	}
	b.fit(0, 0, b.w, left, style{bold: true})
	x := width(left) + 2
	if s.Known.proof != "" && s.W >= wide {
		outcome += "  " + s.Known.proof
	}
	b.fit(x, 0, b.w-x-width(outcome)-3, s.Run.what(s.W >= wide), style{})
	b.right(b.w-1, 0, outcome, st)
}

// what says what was struck, in few words.
func (r *subject) what(long bool) string {
	k := r.Row.Strike
	if r.Faultless {
		return "the golden run"
	}
	if k == nil {
		return "the fault was not applied"
	}
	text := fmt.Sprintf("%s: %s on CPU%d in %s", k.Kind, k.What, k.CPU, function(k.Place))
	if long {
		text = fmt.Sprintf("%s at %s (%s:%d)", text, commas(k.Position), base(k.Place.File), k.Place.Line)
	}
	return text
}

// drawFoot paints the last rows: what was said or is under way, hints, prompt.
func (s *State) drawFoot(b box) {
	rows := s.footRows()
	y := b.h - rows
	if rows > 2 {
		s.drawSay(b.sub(0, y, b.w, 1))
		y++
	}
	if rows > 1 {
		drawHints(b.sub(0, y, b.w, 1), s)
		y++
	}
	l := b.sub(0, y, b.w, 1)
	switch {
	case s.Line.open:
		x := l.text(1, 0, s.Line.lead+s.Line.text, style{bold: true})
		l.set(x, 0, ' ', style{reverse: true})
	case rows <= 2 && s.Say != "":
		l.fit(1, 0, l.w-2, s.Say, style{})
	case s.Now != nil && s.Screen == stepping:
		l.fit(1, 0, l.w-2, s.whereText(), style{})
	}
}

// whereText says where one stands; it can be pasted behind the database's name.
func (s *State) whereText() string {
	return fmt.Sprintf("%s@%s  position %s  %v  CPU%d %s", s.Run.Row.Run(), s.Now.Name, commas(s.Now.At), s.Now.Time, s.Now.CPU, placeText(s.Now.Place))
}

func (s *State) drawSay(b box) {
	switch {
	case s.Busy != "":
		b.fit(1, 0, b.w-2, s.Busy+" … Esc stops it", style{bold: true})
	case s.Say != "":
		b.fit(1, 0, b.w-2, s.Say, style{bold: true})
	case s.Run != nil && s.Now != nil && s.Screen == stepping:
		b.fit(1, 0, b.w-2, s.comparison(), style{dim: true})
	}
}

// drawHints paints keys; those that do not fit are left out, the last first, and the way to
// help never is.
func drawHints(b box, s *State) {
	var list []string
	if s.Screen == picking {
		list = s.Pick.hints()
	} else if s.Run != nil {
		list = hinted(bindings())
	}
	switch {
	case s.Lesson == nil:
	case s.Page.open && s.Page.lesson:
		list = s.lessonHints()
	case s.Run != nil:
		list = append(s.lessonHints(), list...)
	}
	always := "? help  q quit"
	text := always
	if left := fitting(list, b.w-2-width("  "+always)); left != "" {
		text = left + "  " + always
	}
	b.text(1, 0, text, style{dim: true})
	b.right(1+width(text), 0, always, style{})
}

// drawWaiting is the screen before a run is open.
func drawWaiting(b box, s *State) {
	b.text(1, 0, "resvirt step", style{bold: true})
	if s.Busy != "" {
		b.fit(1, 2, b.w-2, s.Busy+" …", style{})
	}
	for i, line := range wrap(s.Say, b.w-2) {
		b.text(1, 4+i, line, style{})
	}
}

// wrap breaks a text into lines of w columns.
func wrap(text string, w int) []string {
	if text == "" || w < 1 {
		return nil
	}
	return strings.Split(words.Wrap("", text, "", w), "\n")
}

// comparison says how the run stands to the golden one, and where it left it.
func (s *State) comparison() string {
	if text := s.besideText(); text != "" {
		return text
	}
	text, parted := s.compared(), s.Known.parted
	if text == "" || parted == "" {
		return text
	}
	return parted + "; " + text
}

func (s *State) compared() string {
	c, ok := s.Now.Facts[registersPane].(*contents)
	switch {
	case !ok || !c.asked:
		return ""
	case !c.hasGolden:
		return "vs golden: it has ended by this position"
	}
	n := 0
	for r := range c.this {
		if c.this[r] != c.golden[r] {
			n++
		}
	}
	if n == 0 {
		return fmt.Sprintf("vs golden: the registers of CPU%d are the same", c.cpu)
	}
	if n == 1 {
		return fmt.Sprintf("vs golden: one register of CPU%d differs; there %s", c.cpu, c.goldenWhere)
	}
	return fmt.Sprintf("vs golden: %d registers of CPU%d differ; there %s", n, c.cpu, c.goldenWhere)
}
