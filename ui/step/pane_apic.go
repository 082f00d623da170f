package step

import (
	"context"
	"fmt"
	"strings"

	"resvirt/experiments/testbed"
	"resvirt/sim"
)

// localAPIC shows a processor's interrupt controller.
func localAPIC() *pane {
	return facts(pane{name: "APIC", key: "I", slot: rightSlot, home: registersPane, about: "the processor's local interrupt controller: vectors in service and requested, priority, timer, local vector table; * changed by the last step, ! different from the golden run"}, gatherAPIC, drawAPIC)
}

// controller is a local APIC as lines of text.
type controller struct {
	cpu     int
	this    []apicLine
	golden  []apicLine // nil: not asked for, or the golden run has ended
	missing string
}

type apicLine struct{ name, text string }

func (c *controller) title(*State) string { return fmt.Sprintf("APIC  CPU%d", c.cpu) }

func gatherAPIC(ctx context.Context, d *desk) *controller {
	c := &controller{cpu: d.cpu}
	h, ok := d.machine().(*testbed.Hardware)
	if !ok {
		c.missing = "This machine has no APIC that can be looked into."
		return c
	}
	c.this = apicLines(h, d.cpu)
	if d.ask.Golden {
		if g, ok := d.golden(ctx).(*testbed.Hardware); ok {
			c.golden = apicLines(g, d.cpu)
		}
	}
	return c
}

// deliveries are the modes of delivery (AMD APM vol. 2, 16.4).
var deliveries = [8]string{0: "fixed", 2: "SMI", 4: "NMI", 5: "INIT", 7: "external"}

func apicLines(h *testbed.Hardware, id int) []apicLine {
	a, c := h.APIC(id), h.CPU(id)
	service, requested := a.ISR.List(), a.IRR.List()
	held := ""
	if n := len(requested); n > 0 {
		switch top := requested[n-1]; {
		case uint32(top)>>4 <= a.Priority()>>4:
			held = fmt.Sprintf(": wait, %x is not above the priority", top)
		case c.RFLAGS&(1<<9) == 0:
			held = fmt.Sprintf(": %x waits, IF is 0", top)
		default:
			held = fmt.Sprintf(": %x comes next", top)
		}
	}
	list := []apicLine{
		{"in service", vectorText(service)},
		{"requested", vectorText(requested) + held},
		{"priority", fmt.Sprintf("%02x  (task %02x)", a.Priority(), a.TPR)},
		{"NMI", map[bool]string{true: "blocked until IRET", false: "not blocked"}[c.NMIBlocked]},
		{"timer", timerText(h, id)},
	}
	for _, e := range a.Entries() {
		text := fmt.Sprintf("%s %02x", deliveries[e.Delivery], e.Vector)
		if e.Masked {
			text += " masked"
		}
		list = append(list, apicLine{"LVT " + e.Name, text})
	}
	on := "on"
	if !a.Enabled() {
		on = "off"
	}
	return append(list, apicLine{"switched", fmt.Sprintf("%s, spurious vector %02x", on, uint8(a.SVR))},
		apicLine{"id", fmt.Sprintf("%d, logical %08x", a.ID, a.LDR)}, apicLine{"command", fmt.Sprintf("%016x", a.ICR)}, apicLine{"errors", fmt.Sprintf("%02x", a.ESR|a.ESRLatched)})
}

// timerText says what the timer of a processor does at its clock.
func timerText(h *testbed.Hardware, id int) string {
	now := sim.Time(h.CPU(id).Clock)
	t := h.APIC(id).TimerAt(now)
	text := t.Mode
	if t.Initial != 0 {
		text += fmt.Sprintf(" %d of %d, divided by %d", t.Count, t.Initial, t.Divider)
	}
	if t.Expires == sim.Never {
		return text + ", does not run"
	}
	return text + fmt.Sprintf(", expires in %v", t.Expires-now)
}

func vectorText(list []uint8) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Trim(fmt.Sprintf("% x", list), "[]")
}

func drawAPIC(b box, _ *State, now, last *controller) {
	if now.missing != "" {
		missing(b, now.missing)
		return
	}
	for y, l := range now.this[:min(len(now.this), b.h)] {
		st := style{}
		if last != nil && last.cpu == now.cpu && y < len(last.this) && last.this[y] != l {
			st = style{bold: true, color: notice}
			b.text(0, y, "*", st)
		}
		text := l.text
		if y < len(now.golden) && now.golden[y] != l {
			b.text(1, y, "!", style{bold: true, color: bad})
			text += "   golden " + now.golden[y].text
		}
		b.text(3, y, l.name, style{dim: true})
		b.fit(15, y, b.w-15, text, st)
	}
}
