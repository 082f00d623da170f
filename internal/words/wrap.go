package words

import (
	"bytes"
	"io"
	"regexp"
	"strings"
)

// Wrap breaks a text at its blanks into lines of at most width columns. The first begins
// with first, the others with next. A word that is longer than a line stays
// whole. Width 0 is no limit.
func Wrap(first, text, next string, width int) string {
	line := first + text
	if width <= 0 || Width(line) <= width {
		return line
	}
	var lines []string
	line = first
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			line += word
		case Width(line)+1+Width(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = next + word
		}
	}
	return strings.Join(append(lines, line), "\n")
}

// Glossary writes names and, in a second column, their meanings, which are wrapped there.
// Width 0 is no limit.
func Glossary(rows [][2]string, width int) string {
	column := 0
	for _, r := range rows {
		column = max(column, Width(r[0]))
	}
	var b strings.Builder
	next := strings.Repeat(" ", 2+column+2)
	for _, r := range rows {
		pad := strings.Repeat(" ", column-Width(r[0]))
		b.WriteString(strings.TrimRight(Wrap("  "+r[0]+pad+"  ", r[1], next, width), " ") + "\n")
	}
	return b.String()
}

var gap = regexp.MustCompile(` {2,}`)

// Hang wraps a line and indents the continuation to the begin of its text, which is
// behind the last gap of two or more blanks. Lines with more than three gaps are
// rows of tables and stay as they are.
func Hang(line string, width int) string {
	gaps := gap.FindAllStringIndex(strings.TrimRight(line, " "), -1)
	if width <= 0 || Width(line) <= width || len(gaps) > 3 {
		return line
	}
	at := 0
	if len(gaps) > 0 {
		at = gaps[len(gaps)-1][1]
	}
	indent := Width(line[:at])
	if indent > width/2 {
		indent = width / 2 // a text that begins further right has no room
	}
	return Wrap(line[:at], line[at:], strings.Repeat(" ", indent), width)
}

// HangLines hangs each line of a text.
func HangLines(text string, width int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		body, end := strings.CutSuffix(line, "\n")
		b.WriteString(Hang(body, width))
		if end {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// Wrapper hangs the lines that are written to it and writes them to another.
type Wrapper struct {
	To    io.Writer
	Width int
	begun []byte // a line that has not ended
}

// Write implements io.Writer. The rest behind the last newline is kept until Flush
// or the next Write.
func (w *Wrapper) Write(p []byte) (int, error) {
	w.begun = append(w.begun, p...)
	end := bytes.LastIndexByte(w.begun, '\n') + 1
	if end == 0 {
		return len(p), nil
	}
	text := HangLines(string(w.begun[:end]), w.Width)
	w.begun = append(w.begun[:0], w.begun[end:]...)
	if _, err := io.WriteString(w.To, text); err != nil {
		w.begun = nil
		return 0, err
	}
	return len(p), nil
}

// Flush writes the line that has not ended.
func (w *Wrapper) Flush() error {
	if len(w.begun) == 0 {
		return nil // nothing can fail, above all not again
	}
	_, err := io.WriteString(w.To, Hang(string(w.begun), w.Width))
	w.begun = nil
	return err
}
