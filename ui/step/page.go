package step

import "fmt"

// page is a text over the whole screen: what a component printed, a list of all that is
// known.
type page struct {
	open   bool
	title  string
	lines  []string
	top    int
	save   bool // it can be saved as a lesson
	lesson bool // it is the lesson's
}

// wrapped are its lines on a screen of w columns: those that are longer go on below.
func (p page) wrapped(w int) (list []string) {
	for _, l := range p.lines {
		list = append(list, folded(l, w-4)...)
	}
	return list
}

// press moves a page of n lines, of which h are seen, or closes it.
func (p page) press(k key, n, h int) page {
	switch k {
	case "Up", "k":
		p.top--
	case "Down", "j":
		p.top++
	case "PgUp":
		p.top -= h
	case "PgDn", " ":
		p.top += h
	case "Home":
		p.top = 0
	case "End":
		p.top = n
	case "Esc", "q", "?", "Enter", "Ctrl-C":
		p.open = false
	}
	p.top = max(min(p.top, n-h), 0)
	return p
}

func drawPage(b box, s *State) {
	b = b.sub(0, 0, b.w, b.h-s.footRows())
	in := b.frame(s.Page.title+" (Esc goes back)", true)
	lines := s.Page.wrapped(s.W)
	if n := len(lines); n > in.h {
		b.footer(fmt.Sprintf("lines %d to %d of %d  Up Down PgUp PgDn move", s.Page.top+1, min(s.Page.top+in.h, n), n))
	}
	top := max(min(s.Page.top, len(lines)-in.h), 0)
	for y := 0; y < in.h && top+y < len(lines); y++ {
		in.fit(1, y, in.w-2, lines[top+y], style{})
	}
	if len(lines) == 0 {
		missing(in, "Nothing yet.")
	}
}
