package dev

import (
	"testing"

	"resvirt/hw/bus"
)

// pair is a PIC as a PC's firmware sets it up, with vectors from 20h and 28h.
type pair struct {
	*PIC
	up bool
}

func newPair(icw4 uint8) *pair {
	p := &pair{}
	p.PIC = NewPIC(func(up bool) { p.up = up })
	for chip, base := range []uint8{0x20, 0x28} {
		for i, v := range []uint8{0x11, base, []uint8{4, 2}[chip], icw4} {
			p.out(chip, min(i, 1), v)
		}
	}
	return p
}

func (p *pair) out(chip, port int, v uint8) { PICPorts{p.PIC, chip}.Out(uint16(port), v) }

func (p *pair) in(chip, port int) uint8 { return PICPorts{p.PIC, chip}.In(uint16(port)) }

// takes checks which vector an acknowledge cycle gets, 0 for no request.
func (p *pair) takes(t *testing.T, want uint8) {
	t.Helper()
	got := uint8(0)
	if p.up != p.Output() {
		t.Fatal("the output was not driven to where it is")
	}
	if p.up {
		v := p.Vector()
		if got = p.Acknowledge(); got != v {
			t.Errorf("vector %#x announced, %#x acknowledged", v, got)
		}
	}
	if got != want {
		t.Errorf("vector %#x, want %#x", got, want)
	}
}

// eoi is a non-specific end of interrupt.
func (p *pair) eoi(chip int) { p.out(chip, 0, 0x20) }

func TestPICDeaf(t *testing.T) {
	p := &pair{}
	p.PIC = NewPIC(func(up bool) { p.up = up })
	p.out(0, 1, 0)
	p.SetLine(1, true)
	if p.up || p.Listens(1) {
		t.Error("it requests before it is initialised")
	}
}

// TestPICPriority: nested interrupts, the cascade included.
func TestPICPriority(t *testing.T) {
	p := newPair(1)
	p.SetLine(4, true)
	p.SetLine(9, true)
	p.takes(t, 0x29) // the cascade is input 2
	p.takes(t, 0)
	p.SetLine(8, true)
	p.takes(t, 0) // the first chip has input 2 in service: not specially nested
	p.SetLine(1, true)
	p.takes(t, 0x21)
	p.eoi(0)
	p.takes(t, 0)
	p.eoi(1)
	p.eoi(0)
	p.takes(t, 0x28)
	p.eoi(1)
	p.eoi(0)
	p.takes(t, 0x24)
	p.out(0, 0, 0x0b) // read ISR
	if got := p.in(0, 0); got != 0x10 {
		t.Errorf("ISR %#x", got)
	}
	p.out(0, 0, 0x64) // specific
	p.out(0, 0, 0x0a)
	if got := p.in(0, 0); got != 0 {
		t.Errorf("IRR %#x: an edge was kept after it was taken", got)
	}
	p.takes(t, 0)
	same(t, p.PIC, NewPIC(func(bool) {}), func(d bus.Device) { d.(*PIC).SetLine(3, true) })
}

// TestPICNested: the special fully nested mode lets the second chip nest.
func TestPICNested(t *testing.T) {
	p := newPair(0x11)
	p.SetLine(12, true)
	p.takes(t, 0x2c)
	p.SetLine(8, true)
	p.takes(t, 0x28)
	p.SetLine(3, true)
	p.takes(t, 0)
}

// TestPICTriggers: an edge counts once and must last; a level counts while it lasts.
func TestPICTriggers(t *testing.T) {
	p := newPair(1)
	trigger := TriggerPorts{p.PIC}
	trigger.Out(0, 0xff)
	trigger.Out(1, 0xff)
	if trigger.In(0) != 0xf8 || trigger.In(1) != 0xde {
		t.Errorf("ELCR %#x %#x", trigger.In(0), trigger.In(1))
	}
	p.SetLine(5, true)
	p.takes(t, 0x25)
	p.eoi(0)
	p.takes(t, 0x25)
	p.SetLine(5, false)
	p.eoi(0)
	p.takes(t, 0)

	p.SetLine(1, true)
	p.takes(t, 0x21)
	p.eoi(0)
	p.takes(t, 0)
	p.SetLine(1, false)
	p.SetLine(1, true)
	p.SetLine(1, false)
	p.takes(t, 0)
	if got := p.Acknowledge(); got != 0x27 {
		t.Errorf("an acknowledge without a request gives %#x, not the spurious vector", got)
	}
	if p.in(0, 0) != 0 || p.Chip[0].ISR != 0 {
		t.Error("the spurious interrupt is in service")
	}
}

func TestPICMask(t *testing.T) {
	p := newPair(1)
	p.out(0, 1, 0x02)
	p.SetLine(1, true)
	p.takes(t, 0)
	if p.in(0, 1) != 2 || p.Listens(1) || !p.Listens(3) || !p.Listens(15) {
		t.Error("mask is not what was written")
	}
	p.out(0, 1, 0) // the request has waited
	p.takes(t, 0x21)
	// Special mask mode: 1 is in service and masked, 6 may come nevertheless.
	p.SetLine(6, true)
	p.takes(t, 0)
	p.out(0, 1, 0x02)
	p.takes(t, 0)
	p.out(0, 0, 0x68)
	p.takes(t, 0x26)
	p.eoi(0) // not of the masked one
	if p.Chip[0].ISR != 2 {
		t.Errorf("ISR %#x", p.Chip[0].ISR)
	}
	p.out(0, 0, 0x48)
	p.eoi(0)
	if p.Chip[0].ISR != 0 {
		t.Errorf("ISR %#x", p.Chip[0].ISR)
	}
}

// TestPICRotation: priorities that rotate by command and automatically.
func TestPICRotation(t *testing.T) {
	p := newPair(1)
	pulse := func(irqs ...int) {
		for _, i := range irqs {
			p.SetLine(i, false)
			p.SetLine(i, true)
		}
	}
	pulse(1, 4)
	p.takes(t, 0x21)
	p.out(0, 0, 0xa0) // rotate on non-specific EOI: 1 becomes the lowest
	pulse(1)
	p.takes(t, 0x24)
	p.out(0, 0, 0xe4) // rotate on specific EOI
	p.takes(t, 0x21)
	p.out(0, 0, 0xc5) // 5 is the lowest, 6 the highest
	pulse(6)
	p.takes(t, 0x26)

	p = newPair(3) // automatic EOI
	p.out(0, 0, 0x80)
	pulse(1, 3)
	p.takes(t, 0x21)
	pulse(1)
	p.takes(t, 0x23)
	p.takes(t, 0x21)
	p.takes(t, 0)
}

func TestPICPoll(t *testing.T) {
	p := newPair(1)
	p.out(0, 0, 0x0c)
	if got := p.in(0, 0); got != 0 {
		t.Errorf("poll without a request: %#x", got)
	}
	p.SetLine(3, true)
	p.out(0, 0, 0x0c)
	if got := p.in(0, 0); got != 0x83 || p.up || p.Chip[0].ISR != 8 {
		t.Errorf("poll: %#x, in service %#x", got, p.Chip[0].ISR)
	}
}
