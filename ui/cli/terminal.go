package cli

import (
	"io"
	"os"

	"golang.org/x/term"

	"resvirt/internal/words"
)

// terminalSize is the size of the terminal behind w; 0 and 0 if there is none, or one
// that can only print line after line.
func terminalSize(w io.Writer) (columns, lines int) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return 0, 0
	}
	columns, lines, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 || lines <= 0 {
		return 80, 24
	}
	return columns, lines
}

// textWidth is the largest width of texts; 0 is no limit, for output that other
// programs read.
func textWidth(w io.Writer) int {
	if to, ok := w.(*words.Wrapper); ok {
		return to.Width
	}
	columns, _ := terminalSize(w)
	return columns
}
