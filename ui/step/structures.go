package step

import (
	"context"
	"fmt"
)

// showValue shows a page with what is in one of the hypervisor's structures, or without a path
// which there are. A path is a name as such pages have it.
type showValue struct{ path string }

func (c showValue) busy() string { return "reading " + c.path }

// mostShown bounds the elements of an array on a page.
const mostShown = 500

func (c showValue) do(_ context.Context, d *desk) (string, error) {
	list, more, err := d.rec.Guests.ShownIn(d.machine(), d.cpu, c.path, valueWidth, mostShown)
	if err != nil {
		return "", fmt.Errorf("%w; :show alone lists structures", err)
	}
	p := page{open: true, title: "Structures"}
	if c.path != "" {
		p.title = c.path
	}
	for i, v := range list {
		mark := " "
		if more[i] {
			mark = "+"
		}
		p.lines = append(p.lines, fmt.Sprintf("%s %-24s %-20s %s", mark, v.Name, v.Type, v.Text))
	}
	d.emit(learned{d.of.Row, func(s State) State {
		s.Page = p
		s.Say = ":show and the name of one with + shows what is in it"
		return s
	}})
	return "", nil
}
