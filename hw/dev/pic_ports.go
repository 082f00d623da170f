package dev

// PICPorts are the two ports of one chip of the pair, 0 or 1.
type PICPorts struct {
	PIC  *PIC
	Chip int
}

// In reads a byte.
func (p PICPorts) In(port uint16) uint8 {
	c := &p.PIC.Chip[p.Chip]
	switch {
	case c.Poll:
		return p.poll()
	case port == 1:
		return c.IMR
	case c.ReadISR:
		return c.ISR
	}
	return c.IRR
}

// poll answers a read after the poll command as it would an acknowledge cycle.
func (p PICPorts) poll() uint8 {
	c := &p.PIC.Chip[p.Chip]
	c.Poll = false
	i := c.take(p.Chip == 0)
	p.PIC.update()
	if i < 0 {
		return 0
	}
	return 0x80 | uint8(i)
}

// Out writes a byte.
func (p PICPorts) Out(port uint16, v uint8) {
	c := &p.PIC.Chip[p.Chip]
	switch {
	case port == 0 && v&0x10 != 0:
		c.initialise(v)
	case port == 0 && v&0x08 != 0:
		c.mode(v)
	case port == 0:
		c.endOfInterrupt(v)
	case c.Step != 0:
		c.initStep(v)
	default:
		c.IMR = v
	}
	p.PIC.update()
}

// initialise is ICW1. Inputs must rise anew, as the data sheet says, unless they
// are level-triggered.
func (c *chip8259) initialise(v uint8) {
	*c = chip8259{
		Lines: c.Lines, ELCR: c.ELCR, IRR: c.Lines & c.ELCR, Base: c.Base, Lowest: 7,
		Step: 2, Ready: true, Needs4: v&1 != 0, Single: v&2 != 0,
	}
}

// initStep is ICW2 to ICW4.
func (c *chip8259) initStep(v uint8) {
	switch c.Step {
	case 2:
		c.Base = v & 0xf8
		c.Step = 3
		if !c.Single {
			return
		}
	case 4:
		c.AutoEOI, c.Nested = v&2 != 0, v&0x10 != 0
		c.Step = 0
		return
	}
	c.Step = 0 // ICW3, which says how the pair is wired, changes nothing
	if c.Needs4 {
		c.Step = 4
	}
}

// mode is OCW3.
func (c *chip8259) mode(v uint8) {
	if v&0x40 != 0 {
		c.SpecialMask = v&0x20 != 0
	}
	c.Poll = v&4 != 0
	if v&2 != 0 {
		c.ReadISR = v&1 != 0
	}
}

// endOfInterrupt is OCW2.
func (c *chip8259) endOfInterrupt(v uint8) {
	const (
		rotate, specific, eoi = 0x80, 0x40, 0x20
	)
	level := int(v & 7)
	switch v & (rotate | specific | eoi) {
	case 0, rotate:
		c.RotateAEOI = v&rotate != 0
	case rotate | specific:
		c.Lowest = uint8(level)
	case specific: // no operation
	default:
		if v&specific == 0 {
			level = c.inService()
		}
		if level < 0 {
			return
		}
		c.ISR &^= 1 << level
		if v&rotate != 0 {
			c.Lowest = uint8(level)
		}
	}
}

// TriggerPorts are the edge/level control registers at ports 4D0h and 4D1h
// (Intel 82371AB data sheet, 4.1.9). The timer's, the keyboard's, the cascade's, the
// clock's and the coprocessor's inputs cannot be level-triggered.
type TriggerPorts struct{ PIC *PIC }

// In reads a byte.
func (p TriggerPorts) In(port uint16) uint8 { return p.PIC.Chip[port&1].ELCR }

// Out writes a byte.
func (p TriggerPorts) Out(port uint16, v uint8) {
	c := &p.PIC.Chip[port&1]
	c.ELCR = v & [2]uint8{0xf8, 0xde}[port&1]
	c.IRR = c.IRR&^c.ELCR | c.Lines&c.ELCR
	p.PIC.update()
}
