package words

import (
	"io"
	"strings"

	"github.com/rivo/uniseg"
)

// Width is the number of a terminal's columns that a text takes: a Chinese character
// takes two, a combining accent none.
func Width(text string) int { return uniseg.StringWidth(text) }

// Columns lays out tables as text/tabwriter does, but by what characters take on a
// terminal: each cell that a tab ends is padded to the widest of the cells above and
// below it, as far as lines have such a cell without a gap. What follows the last tab of
// a line is not part of a column.
type Columns struct {
	to      io.Writer
	padding int
	right   bool
	text    strings.Builder
}

// NewColumns writes tables to a writer, with so many blanks between columns.
func NewColumns(to io.Writer, padding int) *Columns { return &Columns{to: to, padding: padding} }

// Right aligns cells to the right; the blanks stand before them.
func (c *Columns) Right() *Columns {
	c.right = true
	return c
}

// Write implements io.Writer. Nothing is passed on before Flush.
func (c *Columns) Write(p []byte) (int, error) { return c.text.Write(p) }

// Flush lays out what was written and passes it on.
func (c *Columns) Flush() error {
	var lines [][]string
	text := c.text.String()
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, strings.Split(line, "\t"))
	}
	c.text.Reset()
	c.pad(lines, 0)
	var b strings.Builder
	for i, cells := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, cell := range cells {
			b.WriteString(cell)
		}
	}
	_, err := io.WriteString(c.to, b.String())
	return err
}

// pad pads a column, and those to its right, of lines whose columns to the left share
// their widths.
func (c *Columns) pad(lines [][]string, column int) {
	for from := 0; from < len(lines); {
		to, widest := from, 0
		for ; to < len(lines) && column < len(lines[to])-1; to++ {
			widest = max(widest, Width(lines[to][column]))
		}
		if to == from {
			from++
			continue
		}
		for _, cells := range lines[from:to] {
			blanks := strings.Repeat(" ", widest-Width(cells[column])+c.padding)
			if c.right {
				cells[column] = blanks + cells[column]
			} else {
				cells[column] += blanks
			}
		}
		c.pad(lines[from:to], column+1)
		from = to
	}
}

// Clip is the beginning of a text that takes at most so many columns.
func Clip(text string, width int) string {
	taken, rest, state := 0, text, -1
	for rest != "" {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if taken += Width(cluster); taken > width {
			return text[:len(text)-len(cluster)-len(rest)]
		}
	}
	return text
}
