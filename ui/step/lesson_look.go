package step

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"resvirt/experiments/lesson"
	"resvirt/faults"
)

// lookAt goes to what a stop tells one to look at: its pane, and there a register, a step or a
// variable; the console is a page.
func (s State) lookAt(l lesson.Looked) (State, command) {
	s.Page.open = false
	for id, name := range paneNames {
		if name == l.Pane {
			s = s.focus(id)
		}
	}
	switch l.Pane {
	case "registers":
		if i := slices.IndexFunc(registerOrder[:], func(r faults.Register) bool { return r.String() == l.At }); i >= 0 {
			s.Rows[registersPane].cursor = i
		}
	case "whatif":
		s = s.point(l.At)
	case "variable", "memory":
		if l.At != "" {
			return s, showVariable{l.At}
		}
		s = s.focus(memoryPane)
	case "console":
		return s, showConsole{}
	}
	s.Say = "T is the lesson's text again"
	return s, nil
}

// attendPage is what digits do on the lesson's page: they go to what there is to look at.
func (s State) attendPage(k key) (State, command, bool) {
	n, err := strconv.Atoi(string(k))
	if s.Lesson == nil || !s.Page.lesson || err != nil || n < 1 || n > len(s.Lesson.shown.Look) {
		return s, nil, false
	}
	s, c := s.lookAt(s.Lesson.shown.Look[n-1])
	return s, c, true
}

// showVariable is a page with a variable as lessons name it.
type showVariable struct{ name string }

func (c showVariable) busy() string { return "reading " + c.name }

func (c showVariable) do(_ context.Context, d *desk) (string, error) {
	v, err := d.rec.Guests.Variable(d.machine(), c.name)
	if err != nil {
		return "", err
	}
	lines, err := v.Print(mostShown)
	if err != nil {
		return "", err
	}
	d.emit(learned{d.of.Row, func(s State) State {
		s.Page = page{open: true, title: c.name, lines: lines}
		return s
	}})
	return "", nil
}

// showConsole is a page with what was printed so far, its end first seen.
type showConsole struct{}

func (showConsole) busy() string { return "reading the console" }

func (showConsole) do(_ context.Context, d *desk) (string, error) {
	lines := d.rec.Run.Console()
	d.emit(learned{d.of.Row, func(s State) State {
		s.Page = page{open: true, title: fmt.Sprintf("Console, %d lines so far", len(lines)), lines: lines, top: max(len(lines)-max(s.H-s.footRows()-2, 1), 0)}
		return s
	}})
	return "", nil
}
