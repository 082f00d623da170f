package step

import (
	"context"
	"fmt"
	"strings"

	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// registers shows a processor's registers in this run and at the same position of the
// golden one.
func registers() *pane {
	p := facts(pane{name: "Registers", key: "3", slot: rightSlot, about: "* changed by the last step, ! different from the golden run; w who set it, W who reads it next, Enter memory where it points"}, gatherRegisters, drawRegisters)
	p.press = pressRegisters
	return p
}

// contents are a processor's registers.
type contents struct {
	cpu        int
	this       testbed.Registers
	where      string // function and offset of RIP
	doing      string
	cr2, cr3   uint64
	hasControl bool
	cpl        uint8
	isr, irr   []uint8 // vectors in service and requested at the local APIC
	nmiBlocked bool

	asked       bool // the golden run is to be seen as well
	hasGolden   bool
	golden      testbed.Registers
	goldenWhere string
	goldenCR3   uint64
}

func (c *contents) title(*State) string {
	return fmt.Sprintf("Registers  CPU%d  ring %d  %s", c.cpu, c.cpl, c.doing)
}

func gatherRegisters(ctx context.Context, d *desk) *contents {
	m := d.machine()
	c := &contents{cpu: d.cpu, this: testbed.RegistersOf(m, d.cpu), cpl: m.CPL(d.cpu), asked: d.ask.Golden}
	target := d.rec.Lab.System.Target()
	c.where = short(target.Locate(c.this[faults.RIP]))
	c.doing = doingText(d.rec.Guests.Doing(m, d.cpu))
	if h, ok := m.(*testbed.Hardware); ok {
		c.cr2, c.cr3, c.hasControl = h.CPU(d.cpu).CR2, h.CPU(d.cpu).CR3, true
		c.isr, c.irr, c.nmiBlocked = h.APIC(d.cpu).ISR.List(), h.APIC(d.cpu).IRR.List(), h.CPU(d.cpu).NMIBlocked
	}
	if !c.asked {
		return c
	}
	if g := d.golden(ctx); g != nil {
		c.hasGolden, c.golden = true, testbed.RegistersOf(g, d.cpu)
		c.goldenWhere = short(target.Locate(c.golden[faults.RIP]))
		if h, ok := g.(*testbed.Hardware); ok {
			c.goldenCR3 = h.CPU(d.cpu).CR3
		}
	}
	return c
}

// short is a place as function+offset.
func short(p faults.Place) string {
	if p.Function == "" {
		return "no known code"
	}
	return fmt.Sprintf("%s+%#x", strings.TrimPrefix(p.Function, "main."), p.Offset)
}

// doingText says what a processor does.
func doingText(d testbed.Doing) string {
	if d.Domain < 0 {
		return d.Kind.String()
	}
	return fmt.Sprintf("%s d%dv%d", d.Kind, d.Domain, d.VCPU)
}

// registerOrder is that in which they are shown.
var registerOrder = [...]faults.Register{faults.RIP, 0, 3, 1, 2, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15, faults.RFLAGS}

func pressRegisters(s State, k key) (State, command, bool) {
	now, ok := s.Now.Facts[registersPane].(*contents)
	if !ok {
		return s, nil, false
	}
	r := &s.Rows[registersPane]
	if *r, ok = r.press(k, len(registerOrder)); ok {
		return s, nil, true
	}
	reg := registerOrder[r.cursor]
	switch k {
	case "w":
		return s, whoSet{now.cpu, reg}, true
	case "W":
		return s, whoUses{now.cpu, reg}, true
	case "Enter":
		s.Ask.Memory.Absolute, s.Ask.Memory.Register = false, reg
		s.Rows[memoryPane] = rows{}
		return s.focus(memoryPane), nil, true
	}
	return s, nil, false
}

func drawRegisters(b box, s *State, now, last *contents) {
	two := b.w >= 4+3+2*17+2
	y := 0
	if two && now.asked {
		b.text(8, y, "this", style{dim: true})
		b.text(26, y, "golden", style{dim: true})
		y++
	}
	known := last != nil && last.cpu == now.cpu
	chosen := s.Rows[registersPane].cursor
	first := 0 // where not all fit: the one under the cursor does
	if s.Focus == registersPane {
		first = max(chosen+4-b.h, 0)
	}
	for i, r := range registerOrder {
		if i < first {
			continue
		}
		changed := known && last.this[r] != now.this[r]
		differs := now.hasGolden && now.golden[r] != now.this[r]
		st, g := style{}, style{color: quiet}
		if changed {
			st.bold, st.color = true, notice
			b.text(0, y, "*", st)
		}
		if differs {
			b.text(1, y, "!", style{bold: true, color: bad})
		}
		name := r.String()
		if r == faults.RFLAGS {
			name = "rfl"
		}
		b.text(3, y, name, st)
		text := fmt.Sprintf("%016x", now.this[r])
		switch r {
		case faults.RFLAGS:
			text = pad(fmt.Sprintf("%06x %s", now.this[r], flags(now.this[r])), 16)
		}
		x := b.text(8, y, text, st)
		switch {
		case r == faults.RIP && !two:
			b.fit(x+1, y, b.w-x-1, now.where, style{})
		case now.hasGolden && two && differs:
			b.text(26, y, fmt.Sprintf("%016x", now.golden[r]), g)
		case now.hasGolden && two:
			b.text(26, y, "same", style{dim: true})
		case differs:
			b.fit(x+1, y, b.w-x-1, fmt.Sprintf("%x", now.golden[r]), g)
		}
		if s.Focus == registersPane && i == chosen {
			b.reverse(y)
		}
		y++
		if r == faults.RIP && two {
			b.fit(8, y, 17, now.where, style{dim: true})
			if differs {
				b.fit(26, y, b.w-26, now.goldenWhere, style{dim: true})
			}
			y++
		}
	}
	if now.hasControl {
		b.text(3, y, fmt.Sprintf("cr2  %016x", now.cr2), style{})
		b.text(3, y+1, fmt.Sprintf("cr3  %016x", now.cr3), style{})
		b.fit(3, y+2, b.w-3, now.interrupts(), style{})
		y += 3
	}
	if now.asked && !now.hasGolden {
		b.fit(3, y, b.w-3, "the golden run has ended", style{dim: true})
	}
}

// flags are the letters of those that are set (AMD APM vol. 1, 3.1.4).
func flags(f uint64) string {
	text := ""
	for _, b := range []struct {
		bit  int
		name string
	}{{0, "C"}, {2, "P"}, {4, "A"}, {6, "Z"}, {7, "S"}, {8, "T"}, {9, "I"}, {10, "D"}, {11, "O"}} {
		if f>>b.bit&1 != 0 {
			text += b.name
		}
	}
	return text
}

// interrupts says what the local APIC holds.
func (c *contents) interrupts() string {
	blocked := ""
	if c.nmiBlocked {
		blocked = "  NMI blocked"
	}
	return "apic in service " + vectorText(c.isr) + "  requested " + vectorText(c.irr) + blocked
}
