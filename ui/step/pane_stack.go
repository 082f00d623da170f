package step

import (
	"context"
	"fmt"

	"resvirt/experiments/testbed"
)

// stack shows what each processor is doing: the functions that have not returned yet.
func stack() *pane {
	p := facts(pane{name: "Stack", key: "7", slot: rightSlot, about: "what each processor is in, innermost first, from the hypervisor to the VM's program; Enter shows source and variables there"}, gatherStack, drawStack)
	p.press = pressStack
	return p
}

// chains are the functions under way, by processor; that which is shown is the first.
type chains struct {
	list   []chain
	chosen int // of the first one's frames
}

type chain struct {
	cpu    int
	doing  string
	frames []frame
}

func gatherStack(_ context.Context, d *desk) *chains {
	c := &chains{}
	for n := range d.of.CPUs {
		i := (d.cpu + n) % d.of.CPUs
		c.list = append(c.list, chain{i, doingText(d.rec.Guests.Doing(d.machine(), i)), d.stackOf(i).frames})
	}
	c.chosen = d.chosen(d.stackOf(d.cpu))
	return c
}

// stackRow is a line of the pane: a processor, or one of its frames.
type stackRow struct {
	of    *chain
	frame int // -1: the processor itself
}

func (c *chains) rows() (list []stackRow) {
	for i := range c.list {
		list = append(list, stackRow{&c.list[i], -1})
		for k := range c.list[i].frames {
			list = append(list, stackRow{&c.list[i], k})
		}
	}
	return list
}

func pressStack(s State, k key) (State, command, bool) {
	now, ok := s.Now.Facts[stackPane].(*chains)
	if !ok {
		return s, nil, false
	}
	list := now.rows()
	r := &s.Rows[stackPane]
	if *r, ok = r.press(k, len(list)); ok {
		return s, nil, true
	}
	if k != "Enter" {
		return s, nil, false
	}
	at := list[min(r.cursor, len(list)-1)]
	if at.of.cpu != now.list[0].cpu {
		s.Ask.CPU, s.Rows[stackPane] = at.of.cpu, rows{}
	}
	s.Ask.Frame = at.frame + 1
	return s, nil, true
}

func drawStack(b box, s *State, now, _ *chains) {
	list := now.rows()
	r := s.Rows[stackPane]
	top := 0
	if s.Focus == stackPane {
		top = r.window(len(list), b.h)
	}
	for y := 0; y < b.h && top+y < len(list); y++ {
		row := list[top+y]
		if row.frame < 0 {
			b.fit(0, y, b.w, fmt.Sprintf("CPU%d  %s", row.of.cpu, row.of.doing), style{bold: true})
		} else {
			drawFrame(b, y, row.of.frames[row.frame], row.of == &now.list[0] && row.frame == now.chosen)
		}
		if s.Focus == stackPane && top+y == min(r.cursor, len(list)-1) {
			b.reverse(y)
		}
	}
}

func drawFrame(b box, y int, f frame, chosen bool) {
	st, glyph := style{}, " "
	if chosen {
		st, glyph = style{bold: true}, "▶"
	}
	text := ""
	if f.Left != testbed.Called {
		text = f.Left.String() + " in "
	}
	text += function(f.Place)
	if f.Expanded {
		text += " (inlined)"
	}
	if f.File != "" {
		text += fmt.Sprintf("  %s:%d", base(f.File), f.Line)
	}
	if f.Domain != "" {
		text = f.Domain + " " + text
	}
	b.text(0, y, glyph, st)
	b.fit(2, y, b.w-2, text, st)
}
