package step

import (
	"fmt"
	"slices"
	"strings"
)

// verbs are the words that the prompt begins with, but for places.
var verbs = []string{"break ", "goto ", "mouse off", "mouse on", "note ", "notes", "quit", "show ", "watch "}

// complete adds to what is typed at the prompt what all words have in common that begin so, and lists them
// if there are several.
func (s State) complete() State {
	lead, word := s.Line.text, ""
	if s.Line.lead != ":" && s.Line.lead != "/" || s.Run == nil {
		return s
	}
	candidates := s.Run.Places
	if i := strings.LastIndexByte(lead, ' '); i >= 0 {
		lead, word = lead[:i+1], lead[i+1:]
	} else {
		lead, word = "", lead
		if s.Line.lead == ":" {
			candidates = append(slices.Clone(verbs), candidates...)
		}
	}
	if lead == "show " {
		candidates = s.Run.Structures
	}
	list := beginning(candidates, word)
	if len(list) == 0 && word != "" { // without main., as places can be given
		list = beginning(candidates, "main."+word)
	}
	switch len(list) {
	case 0:
		s.Say = fmt.Sprintf("nothing begins with %q", word)
		return s
	case 1:
		s.Line.text = lead + list[0]
		return s
	}
	s.Line.text = lead + common(list)
	const most = 40
	text := strings.Join(list[:min(len(list), most)], "  ")
	if len(list) > most {
		text += fmt.Sprintf("  and %d more", len(list)-most)
	}
	s.Say = text
	return s
}

func beginning(list []string, with string) (found []string) {
	for _, x := range list {
		if strings.HasPrefix(x, with) {
			found = append(found, x)
		}
	}
	return found
}

// common is what texts begin with together.
func common(list []string) string {
	first := list[0]
	for _, x := range list[1:] {
		for !strings.HasPrefix(x, first) {
			first = first[:len(first)-1]
		}
	}
	return first
}

// names lists what a place can be: events, recovery steps, functions of all images; and the structures that
// :show knows.
func (d *desk) names() (places, structures []string) {
	places = []string{"start", "F", "D", "C", "R", "E"}
	for _, e := range d.of.Events {
		if e.Name != "" && slices.Contains(d.of.Steps, e.Name) {
			places = append(places, e.Name)
		}
	}
	places = append(places, d.rec.FunctionNames()...)
	slices.Sort(places)
	for _, n := range d.rec.Guests.Tree(d.machine(), func(string) bool { return false }, 1, 0) {
		structures = append(structures, n.Path)
	}
	slices.Sort(structures)
	return slices.Compact(places), slices.Compact(structures)
}
