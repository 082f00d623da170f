package step

import "github.com/gdamore/tcell/v2"

// style is how a character looks. Colours repeat what glyphs and words say: a screen
// without them says the same.
type style struct {
	bold, dim, reverse, underline bool
	color                         color
}

// color is one of the terminal's sixteen, so that it fits the user's theme.
type color uint8

// Colours by what they repeat.
const (
	plain  color = iota
	good         // holds, is right, has recovered
	bad          // is broken, wrong, lost
	notice       // changed, or to be looked at
	quiet        // of the golden run
)

var palette = [...]tcell.Color{plain: tcell.ColorDefault, good: tcell.ColorGreen, bad: tcell.ColorMaroon, notice: tcell.ColorOlive, quiet: tcell.ColorTeal}

// look is a style for tcell.
func (s style) look(colours bool) tcell.Style {
	t := tcell.StyleDefault.Bold(s.bold).Dim(s.dim).Reverse(s.reverse).Underline(s.underline)
	if colours && s.color != plain {
		t = t.Foreground(palette[s.color])
	}
	return t
}

// ascii has a character for each glyph that is not one, for terminals that have no
// others.
var ascii = map[rune]rune{
	'─': '-', '│': '|', '┌': '+', '┐': '+', '└': '+', '┘': '+', '▶': '>', '◀': '<', '✗': 'X', '✓': '=', '·': '.', '●': '*', '○': 'o',
	'▲': '^', '▼': 'v', '→': '>', '←': '<', '↑': '^', '↓': 'v', '…': '~', '×': 'x', 'µ': 'u', '═': '=', '█': '#', '░': ':', '▒': '%', '≠': '!', '–': '-',
}

// asciiOf is the character to show for r on a terminal that has only ASCII.
func asciiOf(r rune) rune {
	if a, ok := ascii[r]; ok {
		return a
	}
	if r > 0x7e {
		return '?'
	}
	return r
}
