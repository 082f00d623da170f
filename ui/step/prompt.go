package step

import "strings"

// ask opens the prompt.
func (s State) ask(lead string) State {
	s.Line.open, s.Line.lead, s.Line.text, s.Line.back = true, lead, "", 0
	return s
}

// type_ is what a key does while a text is typed.
func (s State) type_(k key) (State, command) {
	l := &s.Line
	switch {
	case k == "Esc" || k == "Ctrl-C" || k == "Backspace" && l.text == "":
		l.open = false
	case k == "Backspace":
		r := []rune(l.text)
		l.text = string(r[:len(r)-1])
	case k == "Ctrl-U":
		l.text = ""
	case k == "Tab":
		return s.complete(), nil
	case k == "Up":
		l.recall(+1)
	case k == "Down":
		l.recall(-1)
	case k == "Enter":
		l.open = false
		text := strings.TrimSpace(l.text)
		if text == "" {
			return s, nil
		}
		l.past = append(l.past[:len(l.past):len(l.past)], text)
		s.Say = ""
		return s.entered(l.lead, text)
	case len([]rune(string(k))) == 1:
		l.text += string(k)
	}
	if l.open && l.lead == leadStep {
		s = s.findStep(l.text)
	}
	return s, nil
}

// recall shows an earlier line.
func (l *line) recall(n int) {
	l.back = max(min(l.back+n, len(l.past)), 0)
	l.text = ""
	if l.back > 0 {
		l.text = l.past[len(l.past)-l.back]
	}
}

// entered does what was typed.
func (s State) entered(lead, text string) (State, command) {
	switch {
	case lead == "/" && s.Screen == picking:
		s.Pick.text, s.Pick.rows = text, rows{}
		return s, nil
	case lead == leadStep:
		return s.findStep(text), nil
	case lead == "/":
		s.Sought = text
		return s, search{text, +1}
	case lead == "address ":
		a, err := parseAddress(text)
		if err != nil {
			s.Say = err.Error()
			return s, nil
		}
		a.Bytes = s.Ask.Memory.Bytes
		s.Ask.Memory, s.Rows[memoryPane] = a, rows{}
		return s, nil
	case lead == "answer: ":
		return s, answer{s.Lesson.stop, text}
	case lead == lessonLead:
		return s.saveNotes(text, false)
	case text == "q" || text == "quit":
		s.Quit = true
		return s, nil
	}
	verb, rest, _ := strings.Cut(text, " ")
	switch rest = strings.TrimSpace(rest); {
	case verb == "goto" && rest != "":
		return s, goTo{rest}
	case verb == "break" && rest != "":
		return s, setStop{rest}
	case verb == "watch" && rest != "":
		return s, setStop{"watch " + rest}
	case verb == "note" && rest != "":
		return s.note(rest), nil
	case verb == "show":
		return s, showValue{rest}
	case (verb == "lesson" || verb == "lesson!") && rest != "":
		return s.saveNotes(rest, verb == "lesson!")
	case text == "mouse off" || text == "mouse on":
		s.NoMouse = text == "mouse off"
		return s, nil
	case text == "notes":
		return s.notes(), nil
	}
	return s, goTo{text}
}
