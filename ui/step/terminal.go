package step

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gdamore/tcell/v2"
)

// names are the keys that are no characters.
var names = map[tcell.Key]key{
	tcell.KeyEnter: "Enter", tcell.KeyEsc: "Esc", tcell.KeyTab: "Tab", tcell.KeyBacktab: "Shift-Tab", tcell.KeyBackspace: "Backspace", tcell.KeyBackspace2: "Backspace",
	tcell.KeyUp: "Up", tcell.KeyDown: "Down", tcell.KeyLeft: "Left", tcell.KeyRight: "Right", tcell.KeyPgUp: "PgUp", tcell.KeyPgDn: "PgDn", tcell.KeyHome: "Home", tcell.KeyEnd: "End",
	tcell.KeyCtrlC: "Ctrl-C", tcell.KeyCtrlZ: "Ctrl-Z", tcell.KeyCtrlU: "Ctrl-U", tcell.KeyCtrlL: "Ctrl-L", tcell.KeyDelete: "Delete",
}

// keyOf is a key press of the terminal.
func keyOf(e *tcell.EventKey) key {
	if e.Key() == tcell.KeyRune {
		return key(e.Rune())
	}
	return names[e.Key()]
}

// suspend gives the terminal back to the shell until the user comes back.
func (l *loop) suspend() error {
	if err := l.screen.Suspend(); err != nil {
		return err
	}
	goesOn := make(chan os.Signal, 1)
	signal.Notify(goesOn, syscall.SIGCONT)
	defer signal.Stop(goesOn)
	// To the whole group, as the terminal would do it: `go run` stands between.
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return err
	}
	// It takes effect a moment later, maybe on another thread: what is done before is undone by
	// the shell. A group that has no shell is not stopped.
	select {
	case <-goesOn:
	case <-time.After(time.Second):
	}
	return l.screen.Resume()
}
