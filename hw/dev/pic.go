package dev

import (
	"math/bits"

	"resvirt/hw/bus"
	"resvirt/sim"
)

// chip8259 is one 8259A (Intel data sheet 231468).
type chip8259 struct {
	IRR, ISR, IMR uint8
	Lines         uint8 // the inputs
	ELCR          uint8 // inputs that are level-triggered; chip sets' addition
	Base          uint8 // vector of input 0
	Step          uint8 // next initialisation word, ICW2 to ICW4; 0 none
	Needs4        bool
	Single        bool
	Ready         bool // initialised at least once
	AutoEOI       bool
	Nested        bool  // special fully nested mode
	SpecialMask   bool  //
	RotateAEOI    bool  //
	Lowest        uint8 // input of lowest priority
	ReadISR       bool  // register that a read of port 0 shows
	Poll          bool  // the next read is a poll
}

// PICState is everything mutable of the pair. The second is the cascade on input 2 of the first.
type PICState struct {
	Chip [2]chip8259
}

// PIC is the pair of interrupt controllers of a PC.
type PIC struct {
	PICState
	changed func(up bool) // drives the interrupt request to the processor
}

var _ bus.Device = (*PIC)(nil)

const cascade = 2

// NewPIC returns the pair as after power-on, deaf until initialised. changed is
// called with the output whenever it may have changed.
func NewPIC(changed func(up bool)) *PIC {
	p := &PIC{changed: changed}
	p.Chip[0].Lowest, p.Chip[1].Lowest = 7, 7
	return p
}

// SetLine drives an input, 0 to 15.
func (p *PIC) SetLine(irq int, up bool) {
	p.Chip[irq>>3].setLine(irq&7, up)
	p.update()
}

func (c *chip8259) setLine(i int, up bool) {
	bit := uint8(1) << i
	rose := up && c.Lines&bit == 0
	c.Lines &^= bit
	if up {
		c.Lines |= bit
	}
	switch {
	case !up:
		c.IRR &^= bit // a request must last until it is acknowledged
	case rose || c.ELCR&bit != 0:
		c.IRR |= bit
	}
}

// update carries the second chip's output to the first chip, and the first
// chip's to the processor.
func (p *PIC) update() {
	p.Chip[0].setLine(cascade, p.Chip[1].pending(false) >= 0)
	p.changed(p.Output())
}

// Output is the interrupt request to the processor.
func (p *PIC) Output() bool { return p.Chip[0].pending(true) >= 0 }

// pending is the input that requests an interrupt, -1 if none does (data sheet,
// "Fully Nested Mode" and "Special Mask Mode").
func (c *chip8259) pending(first bool) int {
	if !c.Ready || c.Step != 0 {
		return -1
	}
	busy := c.ISR
	if c.SpecialMask {
		busy &^= c.IMR
	}
	for k := range 8 {
		i := (int(c.Lowest) + 1 + k) & 7
		bit := uint8(1) << i
		nested := first && c.Nested && i == cascade // its requests pass while one is in service
		if busy&bit != 0 && !nested {
			return -1
		}
		if c.IRR&^c.IMR&bit != 0 {
			return i
		}
		if busy&bit != 0 {
			return -1
		}
	}
	return -1
}

// spurious is the input that is reported when there is no request (data sheet, "Interrupt Sequence").
const spurious = 7

// Vector is what Acknowledge would return.
func (p *PIC) Vector() uint8 {
	c := &p.Chip[0]
	i := c.pending(true)
	if i == cascade && !c.Single {
		c = &p.Chip[1]
		i = c.pending(false)
	}
	if i < 0 {
		i = spurious
	}
	return c.Base + uint8(i)
}

// Acknowledge is the processor's interrupt acknowledge cycle.
func (p *PIC) Acknowledge() (vector uint8) {
	vector = p.Vector()
	i := p.Chip[0].take(true)
	if i == cascade && !p.Chip[0].Single {
		p.Chip[1].take(false)
		p.Chip[0].setLine(cascade, false)
	}
	p.update()
	return vector
}

// take puts the pending input into service.
func (c *chip8259) take(first bool) int {
	i := c.pending(first)
	if i < 0 {
		return i
	}
	bit := uint8(1) << i
	if c.ELCR&bit == 0 {
		c.IRR &^= bit
	}
	switch {
	case !c.AutoEOI:
		c.ISR |= bit
	case c.RotateAEOI:
		c.Lowest = uint8(i)
	}
	return i
}

// Listens tells whether a request on an input would be noticed.
func (p *PIC) Listens(irq int) bool {
	c := &p.Chip[irq>>3]
	return c.Ready && c.IMR>>(irq&7)&1 == 0
}

// inService is the input of highest priority in service that an EOI ends, -1 if none is.
func (c *chip8259) inService() int {
	isr := c.ISR
	if c.SpecialMask {
		isr &^= c.IMR
	}
	if isr == 0 {
		return -1
	}
	from := int(c.Lowest) + 1
	return (from + bits.TrailingZeros8(bits.RotateLeft8(isr, -from))) & 7
}

// Event implements bus.Device; there are none.
func (p *PIC) Event(uint16, uint64) {}

// Save implements bus.Device.
func (p *PIC) Save() any { return p.PICState }

// Load implements bus.Device.
func (p *PIC) Load(s any) { p.PICState = s.(PICState) }

// Hash implements bus.Device.
func (p *PIC) Hash(h *sim.Hasher) {
	for i := range p.Chip {
		c := &p.Chip[i]
		h.Bytes([]byte{c.IRR, c.ISR, c.IMR, c.Lines, c.ELCR, c.Base, c.Step, c.Lowest})
		for _, b := range [...]bool{c.Needs4, c.Single, c.Ready, c.AutoEOI, c.Nested, c.SpecialMask, c.RotateAEOI, c.ReadISR, c.Poll} {
			h.Bool(b)
		}
	}
}
