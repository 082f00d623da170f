package step

import "fmt"

// page is a text over the whole screen: what a component printed, a list of all that is
// known.
type page struct {
	open  bool
	title string
	lines []string
	top   int
}

// press moves a page, or closes it.
func (p page) press(k key, h int) page {
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
		p.top = len(p.lines)
	case "Esc", "q", "?", "Enter", "Ctrl-C":
		p.open = false
	}
	p.top = max(min(p.top, len(p.lines)-h), 0)
	return p
}

func drawPage(b box, s *State) {
	b = b.sub(0, 0, b.w, b.h-s.footRows())
	in := b.frame(s.Page.title+" (Esc goes back)", true)
	if n := len(s.Page.lines); n > in.h {
		b.footer(fmt.Sprintf("lines %d to %d of %d  Up Down PgUp PgDn move", s.Page.top+1, min(s.Page.top+in.h, n), n))
	}
	top := max(min(s.Page.top, len(s.Page.lines)-in.h), 0)
	for y := 0; y < in.h && top+y < len(s.Page.lines); y++ {
		in.fit(1, y, in.w-2, s.Page.lines[top+y], style{})
	}
	if len(s.Page.lines) == 0 {
		missing(in, "Nothing yet.")
	}
}
