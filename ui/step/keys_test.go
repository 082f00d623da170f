package step

import (
	"slices"
	"strings"
	"testing"

	"resvirt/experiments/lesson"
)

// allKeys are those of a keyboard.
func allKeys() (list []key) {
	for r := ' '; r <= '~'; r++ {
		list = append(list, key(r))
	}
	return append(list, "Enter", "Esc", "Tab", "Shift-Tab", "Backspace", "Up", "Down", "Left", "Right", "PgUp", "PgDn", "Home", "End", "Ctrl-C", "Ctrl-U", "Ctrl-Z")
}

func listed(tables ...[]binding) (list []key) {
	for _, t := range tables {
		for _, b := range t {
			list = append(list, b.keys...)
		}
	}
	return list
}

// Whatever key a pane or a lesson takes is in its table, and so in help and in the lower border.
func TestEveryKeyIsInHelp(t *testing.T) {
	t.Parallel()
	for id := range panes {
		table := listed(paneKeys(id), cursorKeys())
		for _, k := range allKeys() {
			s := specimen(80, 24).focus(id)
			press := id.pane().press
			if press == nil {
				continue
			}
			if _, _, taken := press(s, k); taken && !slices.Contains(table, k) {
				t.Errorf("%s takes %q, which help does not know", id.pane().name, k)
			}
		}
	}
	held := specimen(80, 24)
	held.Lesson = &teaching{lesson: &lesson.Lesson{Stops: make([]lesson.Stop, 2)}, shown: &lesson.Shown{}}
	held.Lesson.shown.Look, held.Page.lesson = make([]lesson.Looked, 9), true
	for _, k := range allKeys() {
		if _, _, taken := held.attendPage(k); taken != slices.Contains(listed(lessonPageKeys()), k) {
			t.Errorf("whether a lesson's text takes %q is not what help says", k)
		}
		if _, _, taken := held.attend(k); taken != slices.Contains(listed(lessonKeys()), k) {
			t.Errorf("whether a lesson takes %q is not what help says", k)
		}
	}
	for id := range panes {
		help := specimen(80, 24).focus(id).help().Page
		text := strings.Join(help.lines, "\n")
		for _, table := range [][]binding{bindings(), cursorKeys(), lessonKeys(), lessonPageKeys(), paneKeys(id)} {
			for _, b := range table {
				if b.about != "" && !strings.Contains(text, "  "+pad(b.shown, 9)) {
					t.Errorf("help has no line for %s", b.shown)
				}
				if len(b.keys) > 0 && b.about != "" && !strings.Contains(b.shown, string(b.keys[0])) && b.keys[0] != " " {
					t.Errorf("%q is shown as %q", b.keys[0], b.shown)
				}
			}
		}
		for _, l := range help.lines {
			if width(l) > 76 {
				t.Errorf("a line of help is cut off at 80 columns: %q", l)
			}
		}
	}
}

// Every line of help can be reached on a small terminal.
func TestHelpMoves(t *testing.T) {
	t.Parallel()
	s, _ := update(specimen(80, 24), key("?"))
	all := s.Page.lines
	seen := ""
	for range len(all) {
		seen += shown(t, &s, Look{})
		s, _ = update(s, key("PgDn"))
	}
	for _, l := range all {
		if !strings.Contains(seen, l) {
			t.Errorf("this line of help is never seen: %q", l)
		}
	}
	if s, _ = update(s, key("?")); s.Page.open {
		t.Error("? does not leave help")
	}
}

// A key has one meaning: among those that mean the same everywhere, those of a lesson, and the letters
// of all panes. Who wrote and who reads is asked in several panes. What Enter and Space do is in
// the pane's border.
func TestKeysDiffer(t *testing.T) {
	t.Parallel()
	seen := map[key]string{}
	claim := func(k key, by string) {
		if seen[k] != "" {
			t.Errorf("%s means something in %s and in %s", k, seen[k], by)
		}
		seen[k] = by
	}
	for _, k := range listed(bindings()) {
		claim(k, "all panes")
	}
	for _, k := range listed(lessonKeys()) {
		claim(k, "lessons")
	}
	for id, p := range thePanes {
		claim(p.key, "the choice of panes")
		for _, k := range listed(paneKeys(paneID(id))) {
			if !slices.Contains([]key{"w", "W", "Enter", " ", "Left", "Right", "Esc", "/"}, k) {
				claim(k, p.name)
			}
		}
	}
}

// The lower border says what keys of its own the pane has that has the focus.
func TestKeysOfThePane(t *testing.T) {
	t.Parallel()
	for id := range panes {
		s := specimen(80, 24).focus(id)
		screen := shown(t, &s, Look{})
		for _, b := range paneKeys(id)[:min(len(paneKeys(id)), 1)] {
			if id != timelinePane && !strings.Contains(screen, b.shown+" "+b.hint) {
				t.Errorf("%s does not say %s %s:\n%s", id.pane().name, b.shown, b.hint, screen)
			}
		}
	}
}
