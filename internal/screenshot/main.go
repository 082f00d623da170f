// Screenshot draws a captured terminal screen as SVG, from standard input to standard output:
//
//	tmux capture-pane -p | go run ./internal/screenshot -title 'what it shows' > screen.svg
//
// A screen is rows of cells, one character each. Colours are not drawn: what resvirt shows, it
// shows without them as well.
package main

import (
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

func main() {
	title := flag.String("title", "a terminal", "what the picture shows, for those who do not see it")
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, *title); err != nil {
		fmt.Fprintln(os.Stderr, "screenshot:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer, title string) error {
	screen, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	picture, err := svg(string(screen), title)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, picture)
	return err
}

// A cell in SVG's units; ascent is from its top to the line that letters stand on. Frames
// close where a cell is no higher than a font's glyphs of lines are.
const (
	cellWidth, cellHeight = 8.4, 16
	ascent, fontSize      = 12.5, 14
	margin                = 10
)

// head takes width, height and title. The picture has a ground of its own, so that it
// can be read on a page of any colour, and follows the reader's choice of light or dark.
const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" role="img">
<title>%s</title>
<style>
rect { fill: #f6f8fa; stroke: #8c959f }
text { fill: #1f2328; font: %dpx ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre }
@media (prefers-color-scheme: dark) { rect { fill: #161b22 } text { fill: #d1d7e0 } }
</style>
<rect x="0.5" y="0.5" width="%g" height="%g" rx="6"/>
`

// svg is the picture of a screen.
func svg(screen, title string) (string, error) {
	rows := strings.Split(strings.TrimRight(screen, "\n"), "\n")
	columns := 0
	for y, row := range rows {
		if at := strings.IndexFunc(row, isNoCell); at >= 0 {
			r, _ := utf8.DecodeRuneInString(row[at:])
			return "", fmt.Errorf("line %d holds %q, which is no character of a cell: capture with tmux capture-pane -p, without -e", y+1, r)
		}
		columns = max(columns, utf8.RuneCountInString(row))
	}
	if columns == 0 {
		return "", fmt.Errorf("the screen is empty: give it on standard input")
	}
	width, height := round(2*margin+cellWidth*float64(columns)), round(2*margin+cellHeight*float64(len(rows)))
	var b strings.Builder
	fmt.Fprintf(&b, head, width, height, escaped(title), fontSize, width-1, height-1)
	for y, row := range rows {
		drawRow(&b, row, y)
	}
	b.WriteString("</svg>\n")
	return b.String(), nil
}

// drawRow writes one row. Its length is given, so that columns stay in line whatever font
// the reader has, and whichever other font lends it a glyph.
func drawRow(b *strings.Builder, row string, y int) {
	text := strings.TrimLeft(row, " ") // some renderers drop leading blanks
	indent := len(row) - len(text)
	text = strings.TrimRight(text, " ")
	if text == "" {
		return
	}
	x := round(margin + cellWidth*float64(indent))
	length := round(cellWidth * float64(utf8.RuneCountInString(text)))
	fmt.Fprintf(b, `<text x="%g" y="%g" textLength="%g" lengthAdjust="spacingAndGlyphs" xml:space="preserve">%s</text>`+"\n",
		x, margin+ascent+cellHeight*float64(y), length, escaped(text))
}

// round leaves one digit behind the point.
func round(v float64) float64 { return float64(int(v*10+0.5)) / 10 }

// isNoCell tells characters that stand in no cell of their own.
func isNoCell(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Mn, r) || r == utf8.RuneError
}

func escaped(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a Builder takes all
	return b.String()
}
