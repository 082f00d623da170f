package step

import (
	"context"
	"fmt"

	"resvirt/faults"
)

// source shows the text around the line that is about to be executed.
func source() *pane {
	return facts(pane{name: "Source", key: "1", slot: leftSlot, about: "the line that is about to be executed"}, gatherSource, drawSource)
}

// listing is a file's text, and which functions are under way at its line.
type listing struct {
	place faults.Place
	calls []faults.Place // expanded inline there, innermost first; the last has code of its own
	lines []string       // of the whole file, nil if the database does not have it
}

func (l *listing) title(*State) string {
	if l.place.File == "" {
		return "Source"
	}
	return "Source  " + l.place.File
}

func gatherSource(_ context.Context, d *desk) *listing {
	l := &listing{}
	for i, f := range d.chain(d.cpu) {
		if i > 0 && f.Place.PC != l.calls[0].PC {
			break
		}
		l.calls = append(l.calls, f.Place)
	}
	l.place = l.calls[0]
	l.lines = d.rec.Sources[l.place.File]
	return l
}

func drawSource(b box, _ *State, now, _ *listing) {
	h := b.h
	if len(now.calls) > 1 { // inlined calls are shown as calls
		text := ""
		for _, c := range now.calls[1:] {
			text += fmt.Sprintf(" ← %s:%d", c.Function, c.Line)
		}
		b.fit(1, 0, b.w-2, now.place.Function+text, style{dim: true})
	} else {
		b.fit(1, 0, b.w-2, function(now.place), style{dim: true})
	}
	b, h = b.sub(0, 1, b.w, b.h-1), h-1
	if now.lines == nil {
		missing(b, "The database has no source of this code.")
		return
	}
	top := max(min(now.place.Line-1-h/2, len(now.lines)-h), 0)
	for y := range h {
		n := top + y
		if n >= len(now.lines) {
			break
		}
		s, glyph := style{}, " "
		if n == now.place.Line-1 {
			s, glyph = style{bold: true}, "▶"
		}
		x := b.text(0, y, fmt.Sprintf("%s%5d ", glyph, n+1), s)
		b.fit(x, y, b.w-x, tabs(now.lines[n]), s)
	}
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
