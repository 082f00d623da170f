package step

import (
	"context"
	"fmt"

	"resvirt/experiments/testbed"
	"resvirt/hw/mem"
)

// pages lists the pages of memory whose content is not the golden run's at the same position.
func pages() *pane {
	p := facts(pane{name: "Pages", key: "M", slot: leftSlot, home: memoryPane, about: "pages of the machine's memory that differ from the golden run's at the same position, what they are of, and how much of each; * new"}, gatherPages, drawPages)
	p.press = pressPages
	return p
}

// differing are pages that are not the golden run's.
type differing struct {
	asked, hasGolden bool
	list             []differingPage
}

// differingPage is one of them.
type differingPage struct {
	frame  uint64
	bytes  int    // that differ
	first  uint64 // offset of the first word that does
	va     uint64 // of that word, where the hypervisor sees it
	belong string
}

func (p *differing) title(*State) string {
	if !p.hasGolden {
		return "Pages"
	}
	return fmt.Sprintf("Pages  %d differ from golden", len(p.list))
}

func gatherPages(ctx context.Context, d *desk) *differing {
	p := &differing{asked: d.ask.Golden}
	h, ok := d.machine().(*testbed.Hardware)
	if !ok || !p.asked {
		return p
	}
	g, ok := d.golden(ctx).(*testbed.Hardware)
	if !ok {
		return p
	}
	p.hasGolden = true
	frames := d.rec.Guests.FramesOf(h)
	for _, frame := range h.Memory().Differing(g.Memory()) {
		x := differingPage{frame: frame, first: mem.PageSize}
		var a, b mem.Page
		h.ReadPhys(frame<<mem.PageShift, a[:])
		g.ReadPhys(frame<<mem.PageShift, b[:])
		for i := range a {
			if a[i] != b[i] {
				x.bytes++
				x.first = min(x.first, uint64(i)&^7)
			}
		}
		f := frames.At(frame)
		x.va, x.belong = f.VA+x.first, f.Text
		if name := d.nameOf(x.va); name != "" {
			x.belong = name
		}
		p.list = append(p.list, x)
	}
	return p
}

func pressPages(s State, k key) (State, command, bool) {
	now, ok := s.Now.Facts[pagesPane].(*differing)
	if !ok || len(now.list) == 0 {
		return s, nil, false
	}
	r := &s.Rows[pagesPane]
	if *r, ok = r.press(k, len(now.list)); ok {
		return s, nil, true
	}
	if k != "Enter" {
		return s, nil, false
	}
	x := now.list[min(r.cursor, len(now.list)-1)]
	return s.memoryAt(x.va).focus(memoryPane), nil, true
}

func drawPages(b box, s *State, now, last *differing) {
	switch {
	case !now.asked:
		missing(b, "The golden run is not shown: g shows it.")
		return
	case !now.hasGolden:
		missing(b, "The golden run has ended by this position.")
		return
	case len(now.list) == 0:
		missing(b, "All memory is the golden run's.")
		return
	}
	before := map[uint64]bool{}
	if last != nil {
		for _, x := range last.list {
			before[x.frame] = true
		}
	}
	r := s.Rows[pagesPane]
	top := r.window(len(now.list), b.h)
	for y := 0; y < b.h && top+y < len(now.list); y++ {
		x, st := now.list[top+y], style{}
		if last != nil && last.hasGolden && !before[x.frame] {
			st = style{bold: true, color: notice}
			b.text(0, y, "*", st)
		}
		b.fit(2, y, b.w-2, fmt.Sprintf("%7x000  %4d bytes from +%03x  %s", x.frame, x.bytes, x.first, x.belong), st)
		if s.Focus == pagesPane && top+y == min(r.cursor, len(now.list)-1) {
			b.reverse(y)
		}
	}
}
