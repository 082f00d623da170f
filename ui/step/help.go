package step

import (
	"fmt"
	"strings"
)

// help is the page of keys: first those of the pane that has the focus, then those that mean
// the same everywhere, then those of the other panes. All of it is made from the tables by which
// keys are looked up and panes drawn.
func (s State) help() State {
	h := helpText{w: max(s.W-5, 20)}
	if s.Screen == picking || s.Run == nil {
		h.part("On this screen")
		for _, hint := range append(s.Pick.hints(), "Up/Down choose", "Ctrl-Z to the shell", "q quit") {
			k, about, _ := strings.Cut(hint, " ")
			h.say(k, about)
		}
		s.Page = page{open: true, title: "Keys", lines: h.lines}
		return s
	}
	if s.Lesson != nil {
		h.part("Of the lesson")
		h.keys(append(lessonKeys(), lessonPageKeys()...))
	}
	h.part(fmt.Sprintf("Of the pane that has the focus: %s %s", s.Focus.pane().key, s.Focus.pane().name))
	h.pane(s.Focus)
	h.part("Everywhere")
	h.keys(bindings())
	h.keys(cursorKeys())
	for id, p := range thePanes {
		if paneID(id) != s.Focus {
			h.part(fmt.Sprintf("Of pane %s %s", p.key, p.name))
			h.pane(paneID(id))
		}
	}
	if s.Lesson == nil {
		h.part("While a lesson is held")
		h.keys(append(lessonKeys(), lessonPageKeys()...))
	}
	s.Page = page{open: true, title: "Keys", lines: h.lines}
	return s
}

// helpText is lines of w columns.
type helpText struct {
	w     int
	lines []string
}

func (h *helpText) part(title string) {
	if len(h.lines) > 0 {
		h.lines = append(h.lines, "")
	}
	h.lines = append(h.lines, title)
}

// say has keys in the left column and what they do in the right one.
func (h *helpText) say(left, right string) {
	const column = 12
	for i, l := range wrap(right, h.w-column) {
		if i > 0 {
			left = ""
		}
		h.lines = append(h.lines, "  "+pad(left, column-3)+" "+l)
	}
}

func (h *helpText) keys(list []binding) {
	for _, k := range list {
		if k.about != "" {
			h.say(k.shown, k.about)
		}
	}
}

func (h *helpText) pane(id paneID) {
	h.lines = append(h.lines, wrapIndented(id.pane().about, h.w)...)
	h.keys(paneKeys(id))
}

func wrapIndented(text string, w int) (list []string) {
	for _, l := range wrap(text, w-2) {
		list = append(list, "  "+l)
	}
	return list
}

// hinted are the hints of keys.
func hinted(list []binding) (hints []string) {
	for _, h := range list {
		if h.hint != "" {
			hints = append(hints, h.shown+" "+h.hint)
		}
	}
	return hints
}

// fitting joins hints; those that do not fit into w columns are left out, the last first.
func fitting(list []string, w int) string {
	for len(list) > 0 && width(strings.Join(list, "  ")) > w {
		list = list[:len(list)-1]
	}
	return strings.Join(list, "  ")
}

func hintsOf(list []binding, w int) string { return fitting(hinted(list), w-2) }
