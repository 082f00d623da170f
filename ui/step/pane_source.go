package step

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"resvirt/experiments/testbed"
)

// source shows the text around the line of the frame that was chosen, and the variables in
// scope there.
func source() *pane {
	p := facts(pane{name: "Source", key: "1", slot: leftSlot, about: "the line that is about to be executed and the variables in scope; Up and Down choose a variable, w tells who wrote it"}, gatherSource, drawSource)
	p.press = pressSource
	return p
}

// listing is a file's text, and which functions are under way at its line.
type listing struct {
	cpu    int
	frames []frame // the whole stack
	chosen int
	lines  []string // of the whole file, nil if the database does not have it
	vars   []testbed.Shown
}

func (l *listing) at() frame { return l.frames[l.chosen] }

func (l *listing) title(*State) string {
	if l.at().File == "" {
		return "Source"
	}
	return "Source  " + l.at().File
}

// valueWidth is how long texts of values are at most.
const valueWidth = 100

func gatherSource(_ context.Context, d *desk) *listing {
	s := d.stackOf(d.cpu)
	l := &listing{cpu: d.cpu, frames: s.frames, chosen: d.chosen(s)}
	f := l.at()
	l.lines = d.rec.Sources[f.File]
	if f.level < 0 {
		return l
	}
	for _, v := range s.stack.Levels[f.level].Variables(d.rec.Guests.KnownIn(d.machine()), valueWidth) {
		if v.Call == f.call {
			l.vars = append(l.vars, v)
		}
	}
	return l
}

func pressSource(s State, k key) (State, command, bool) {
	now, ok := s.Now.Facts[sourcePane].(*listing)
	if !ok || len(now.vars) == 0 {
		return s, nil, false
	}
	r := &s.Rows[sourcePane]
	if *r, ok = r.press(k, len(now.vars)); ok {
		return s, nil, true
	}
	v := now.vars[min(r.cursor, len(now.vars)-1)]
	switch {
	case k != "w" && k != "W":
		return s, nil, false
	case v.Register >= 0 && now.at().level > 0:
		s.Say = v.Name + " was in a register that functions called since have their own use of: choose the innermost frame (7)"
		return s, nil, true
	case v.Register >= 0 && k == "w":
		return s, whoSet{now.cpu, register(v.Register)}, true
	case v.Register >= 0:
		return s, whoUses{now.cpu, register(v.Register)}, true
	case v.Address != 0 && k == "w":
		return s, whoWrote{v.Address, max(v.Size, 1)}, true
	case v.Address != 0:
		return s, whoReads{v.Address, max(v.Size, 1)}, true
	}
	s.Say = placeless(v)
	return s, nil, true
}

// placeless says why nobody can be found who reads or writes a variable.
func placeless(v testbed.Shown) string {
	if v.Absent {
		return fmt.Sprintf("%s is %s: it lies in no register and no memory here, so nobody reads or writes it; step to where it has a value", v.Name, v.Text)
	}
	return v.Name + " lies in several places, or is computed where it is used: ask of a register (3) or a word of memory (8)"
}

func drawSource(b box, s *State, now, last *listing) {
	f := now.at()
	text := function(f.Place) // inlined calls are shown as calls
	for i := now.chosen; i+1 < len(now.frames) && now.frames[i].Expanded; i++ {
		text += fmt.Sprintf(" ← %s:%d", now.frames[i+1].Function, now.frames[i+1].Line)
	}
	if now.chosen > 0 {
		text += "   now in " + function(now.frames[0].Place)
	}
	b.fit(1, 0, b.w-2, text, style{dim: true})
	vars := min(len(now.vars), max((b.h-1)/3, 0))
	drawLines(b.sub(0, 1, b.w, b.h-1-vars), now, s.Stops)
	drawVariables(b.sub(0, b.h-vars, b.w, vars), s, now, last)
}

// noSource says why there are no lines.
func noSource(f frame) string {
	if f.Function == "" {
		return "Nothing that the database knows has code at this address: whatever leads here, by a return, a jump or a changed RIP, was led astray. Pane 7 shows who called, and . goes on to the exception that follows."
	}
	return "The database has no source of this code."
}

func drawLines(b box, now *listing, stops []stop) {
	if now.lines == nil {
		missing(b, noSource(now.at()))
		return
	}
	line := now.at().Line
	top := max(min(line-1-b.h/2, len(now.lines)-b.h), 0)
	for y := 0; y < b.h && top+y < len(now.lines); y++ {
		n := top + y
		st, glyph := style{}, " "
		if n == line-1 {
			st, glyph = style{bold: true}, "▶"
		}
		x := b.text(0, y, fmt.Sprintf("%s%5d ", glyph, n+1), st)
		if slices.ContainsFunc(stops, func(s stop) bool {
			return strings.HasSuffix("!"+s.name, fmt.Sprintf("!%s:%d", base(now.at().File), n+1))
		}) {
			b.text(x-1, y, "●", style{bold: true})
		}
		b.fit(x, y, b.w-x, tabs(now.lines[n]), st)
	}
}

func drawVariables(b box, s *State, now, last *listing) {
	r := s.Rows[sourcePane]
	top := r.window(len(now.vars), b.h)
	for y := 0; y < b.h && top+y < len(now.vars); y++ {
		v := now.vars[top+y]
		st, mark := style{}, " "
		if last != nil && last.at().Function == now.at().Function && changedVariable(last, v) {
			st, mark = style{bold: true, color: notice}, "*"
		}
		if v.Absent {
			st.dim = true
		}
		b.fit(0, y, b.w, fmt.Sprintf("%s %s = %s", mark, v.Name, v.Text), st)
		if s.Focus == sourcePane && top+y == min(r.cursor, len(now.vars)-1) {
			b.reverse(y)
		}
	}
}

// changedVariable says whether a variable had another value at the position before.
func changedVariable(last *listing, v testbed.Shown) bool {
	for _, w := range last.vars {
		if w.Name == v.Name {
			return w.Text != v.Text
		}
	}
	return false
}

// tabs replaces each tab by two spaces: panes are narrow.
func tabs(text string) string {
	out := make([]rune, 0, len(text))
	for _, r := range text {
		if r == '\t' {
			out = append(out, ' ', ' ')
			continue
		}
		out = append(out, r)
	}
	return string(out)
}
