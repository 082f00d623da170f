package step

import (
	"fmt"
	"slices"
	"strings"
)

// whole opens a page with all that was cut off on the screen: the answer first, then the line under the
// cursor, the rest of the pane that has the focus, the other panes.
func whole(s State) State {
	c := draw(&s)
	if len(c.cuts) == 0 {
		s.Say = "no line on this screen is cut off"
		return s
	}
	p := page{open: true, title: "Whole lines"}
	add := func(title string, lines []string) {
		if len(p.lines) > 0 {
			p.lines = append(p.lines, "")
		}
		p.lines = append(append(p.lines, title), lines...)
	}
	all := c.all()
	if s.Screen == picking {
		p.lines = c.wholeLines(all)
		s.Page = p
		return s
	}
	if below := c.wholeLines(all.sub(0, s.H-s.footRows(), s.W, s.footRows())); len(below) > 0 {
		add("Below", below)
	}
	for _, other := range []bool{false, true} {
		for _, at := range s.layout() {
			lines := c.wholeLines(all.sub(at.x, at.y+1, at.w, at.h-1))
			title, _ := c.wholeLine(at.y, at.x, at.x+at.w)
			if (at.id != s.Focus) == other && title+strings.Join(lines, "") != "" {
				add(fmt.Sprintf("%s %s", at.id.pane().key, s.title(at.id)), lines)
			}
		}
	}
	if above := c.wholeLines(all.sub(0, 0, s.W, s.headRows())); len(above) > 0 {
		add("Above", above)
	}
	s.Page = p
	return s
}

// wholeLines are the lines of a part of the screen of which something was cut off, as they
// would be if there were room; the one under the cursor is the first.
func (c *cells) wholeLines(b box) (list []string) {
	for y := b.y; y < b.y+b.h; y++ {
		line, cursor := c.wholeLine(y, b.x, b.x+b.w)
		switch {
		case line == "":
		case cursor:
			list = append([]string{line}, list...)
		default:
			list = append(list, line)
		}
	}
	return list
}

// wholeLine is a row between two columns with what was cut off there; empty if nothing was.
func (c *cells) wholeLine(y, from, to int) (line string, cursor bool) {
	var b strings.Builder
	cuts := slices.DeleteFunc(slices.Clone(c.cuts), func(t cut) bool { return t.y != y || t.x < from || t.x >= to })
	if len(cuts) == 0 {
		return "", false
	}
	slices.SortFunc(cuts, func(a, b cut) int { return a.x - b.x })
	x := from
	seen := func(end int) {
		for ; x < min(end, to); x++ {
			at := c.at[y*c.w+x]
			cursor = cursor || at.style.reverse
			b.WriteRune(at.r)
		}
	}
	for _, t := range cuts {
		seen(t.x)
		b.WriteString(t.text)
		x = max(x, t.x+t.n)
	}
	seen(to)
	line = strings.TrimRight(strings.TrimSuffix(b.String(), "│"), " ")
	if line = strings.TrimPrefix(line, "│"); cursor && line[0] != cursorGlyph {
		line = string(cursorGlyph) + line
	}
	return " " + line, cursor
}

// folded breaks a line into such of w columns: between words where there are some. What goes
// on below begins further in.
func folded(line string, w int) (list []string) {
	r := []rune(line)
	for w = max(w, 1); len(r) > w; {
		end := w
		for i := w; i > w/2; i-- {
			if r[i] == ' ' {
				end = i
				break
			}
		}
		list = append(list, string(r[:end]))
		if r = r[end:]; r[0] == ' ' {
			r = r[1:]
		}
		if w > 20 {
			r = append([]rune("    "), r...)
		}
	}
	return append(list, string(r))
}
