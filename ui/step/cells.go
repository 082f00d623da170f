package step

import (
	"strings"

	"resvirt/internal/words"
)

// cell is one character of the screen.
type cell struct {
	r     rune
	style style
}

// cells is a screen.
type cells struct {
	w, h int
	at   []cell
	cuts []cut
}

// cut is a text that did not fit: it begins at a cell, and n columns of it are seen.
type cut struct {
	x, y, n int
	text    string
}

func newCells(w, h int) *cells {
	c := &cells{w: w, h: h, at: make([]cell, w*h)}
	for i := range c.at {
		c.at[i].r = ' '
	}
	return c
}

// String is the screen's text, without spaces at the ends of lines.
func (c *cells) String() string {
	var b strings.Builder
	for y := range c.h {
		line := make([]rune, c.w)
		for x := range line {
			line[x] = c.at[y*c.w+x].r
		}
		b.WriteString(strings.TrimRight(string(line), " "))
		b.WriteByte('\n')
	}
	return b.String()
}

// box is a rectangle of a screen. What is painted outside of it is lost.
type box struct {
	c          *cells
	x, y, w, h int
}

func (c *cells) all() box { return box{c, 0, 0, c.w, c.h} }

// sub is a rectangle within a box, in its coordinates, clipped.
func (b box) sub(x, y, w, h int) box {
	x, y = max(x, 0), max(y, 0)
	return box{b.c, b.x + x, b.y + y, max(min(w, b.w-x), 0), max(min(h, b.h-y), 0)}
}

func (b box) set(x, y int, r rune, s style) {
	if x >= 0 && y >= 0 && x < b.w && y < b.h {
		b.c.at[(b.y+y)*b.c.w+b.x+x] = cell{r, s}
	}
}

// text paints a text from a place on and returns the column behind it. Characters that
// are not one column wide, which a console output may have, become a question mark.
func (b box) text(x, y int, text string, s style) int {
	for _, r := range text {
		switch {
		case r == '\t':
			r = ' '
		case r < ' ' || r == 0x7f || r > 0x7e && words.Width(string(r)) != 1:
			r = '?'
		}
		b.set(x, y, r, s)
		x++
	}
	return x
}

// fit paints a text of at most w columns; one that is longer ends with a mark, and can be read
// as a whole on a page of its own (whole.go).
func (b box) fit(x, y, w int, text string, s style) {
	w = min(w, b.w-x)
	if width(text) > w && w > 0 && y >= 0 && y < b.h {
		b.c.cuts = append(b.c.cuts, cut{b.x + x, b.y + y, w, text})
	}
	b.text(x, y, clip(text, w), s)
}

// right paints a text that ends at a column.
func (b box) right(x, y int, text string, s style) { b.text(x-width(text), y, text, s) }

// reverse shows the line under the cursor: in reverse video and, for terminals and captures
// that have none, by a glyph on the border before it.
func (b box) reverse(y int) {
	if y < 0 || y >= b.h || b.w < 1 {
		return
	}
	row := b.c.at[(b.y+y)*b.c.w:][:b.c.w]
	for x := range b.w {
		row[b.x+x].style.reverse = true
	}
	at := b.x
	if at > 0 && row[at-1].r == '│' {
		at--
	}
	row[at].r, row[at].style.bold = cursorGlyph, true
}

// cursorGlyph marks the line under the cursor.
const cursorGlyph = '>'

// frame paints a border with a title; the title of the pane that has the focus begins with
// a glyph. It returns what is within.
func (b box) frame(title string, focus bool) box {
	edge := style{dim: true}
	if focus {
		edge = style{bold: true}
	}
	for x := range b.w {
		b.set(x, 0, '─', edge)
		b.set(x, b.h-1, '─', edge)
	}
	for y := range b.h {
		b.set(0, y, '│', edge)
		b.set(b.w-1, y, '│', edge)
	}
	b.set(0, 0, '┌', edge)
	b.set(b.w-1, 0, '┐', edge)
	b.set(0, b.h-1, '└', edge)
	b.set(b.w-1, b.h-1, '┘', edge)
	if focus {
		b.set(1, 0, '▶', edge)
	}
	b.fit(2, 0, b.w-4, " "+title+" ", style{bold: focus})
	return b.sub(1, 1, b.w-2, b.h-2)
}

// footer writes into the lower border.
func (b box) footer(text string) {
	if text != "" && b.w > 4 {
		b.text(2, b.h-1, " "+clip(text, b.w-6)+" ", style{dim: true})
	}
}

// width is how many columns a text takes in text.
func width(text string) int { return len([]rune(text)) }

// clip shortens a text to n columns.
func clip(text string, n int) string {
	r := []rune(text)
	switch {
	case len(r) <= n:
		return text
	case n < 1:
		return ""
	}
	return string(r[:n-1]) + "…"
}

// pad is a text of exactly n columns.
func pad(text string, n int) string {
	text = clip(text, n)
	return text + strings.Repeat(" ", max(n-width(text), 0))
}
