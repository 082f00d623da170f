package step

import (
	"fmt"

	"resvirt/experiments/recording"
)

// mark is a position with a letter, or with a note.
type mark struct {
	name string // a letter; "" = a note
	at   recording.Position
	in   string // the name of the position
	note string
	look string // the pane that had the focus, as lessons name it, and what in it
}

// awaits lets the next key be a letter.
func awaits(what string) func(State) (State, command) {
	return func(s State) (State, command) {
		s.Await = what
		s.Say = what + ": which letter?"
		return s, nil
	}
}

// letter is the key behind m or '.
func (s State) letter(k key) (State, command) {
	what := s.Await
	s.Await, s.Say = "", ""
	if r := []rune(string(k)); len(r) != 1 {
		return s, nil
	}
	if what == "mark" {
		var list []mark
		for _, m := range s.Marks {
			if m.name != string(k) {
				list = append(list, m)
			}
		}
		s.Marks = append(list, mark{name: string(k), at: s.Now.At, in: s.Now.Name, look: s.looksAt()})
		s.Say = fmt.Sprintf("mark %s is here; '%s comes back", k, k)
		return s, nil
	}
	for _, m := range s.Marks {
		if m.name == string(k) {
			return s, seek{m.at}
		}
	}
	s.Say = fmt.Sprintf("there is no mark %s; m%s makes one", k, k)
	return s, nil
}

// note keeps a text for the present position.
func (s State) note(text string) State {
	s.Marks = append(s.Marks[:len(s.Marks):len(s.Marks)], mark{at: s.Now.At, in: s.Now.Name, note: text, look: s.looksAt()})
	s.Say = "noted; :notes lists marks, notes and stops, :lesson FILE makes a lesson of them"
	return s
}

// notes is the page of marks, notes and stops. Its places can be pasted.
func (s State) notes() State {
	p := page{open: true, title: "Marks, notes and stops; s saves them as a lesson", save: true}
	for _, m := range s.Marks {
		text := m.note
		if m.name != "" {
			text = "mark " + m.name
		}
		p.lines = append(p.lines, fmt.Sprintf("%-24s %s", s.Run.Row.Run()+"@"+m.in, text))
	}
	for _, x := range s.Stops {
		p.lines = append(p.lines, fmt.Sprintf("%-24s stop", x.name))
	}
	s.Page = p
	return s
}
