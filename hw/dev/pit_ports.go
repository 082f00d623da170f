package dev

// Access to the counts by bytes (8254 data sheet, "Control Word Format").
const (
	accessLow  = 1
	accessHigh = 2
)

// In reads a byte of port 40h to 43h.
func (p *PIT) In(port uint16) uint8 {
	if port > 2 {
		return 0xff // the control word cannot be read
	}
	n := p.now()
	c := &p.Counter[port]
	c.settle(n)
	if c.StatusLatched {
		c.StatusLatched = false
		return c.Status
	}
	v := c.Latch
	if !c.Latched {
		v = c.encode(c.value(n))
	}
	if c.Access == accessHigh || c.HalfRead {
		c.Latched, c.HalfRead = false, false
		return uint8(v >> 8)
	}
	if c.HalfRead = c.Access != accessLow; !c.HalfRead {
		c.Latched = false
	}
	return uint8(v)
}

// Out writes a byte to port 40h to 43h.
func (p *PIT) Out(port uint16, v uint8) {
	n := p.now()
	p.sync(n)
	if port > 2 {
		p.command(n, v)
	} else {
		p.Counter[port].write(n, v)
	}
	p.sync(n)
	p.schedule(n)
}

// write is a byte of a count.
func (c *counter) write(n int64, v uint8) {
	c.settle(n)
	switch {
	case c.Access == accessLow:
		c.load(n, uint16(v))
	case c.Access == accessHigh:
		c.load(n, uint16(v)<<8)
	case !c.HalfWritten:
		c.Low, c.HalfWritten = v, true
		if c.Mode == 0 { // counting is disabled until the second byte
			c.Loaded, c.Pending = false, false
		}
	default:
		c.HalfWritten = false
		c.load(n, uint16(v)<<8|uint16(c.Low))
	}
}

// command is a control word, a latch command or a read-back command.
func (p *PIT) command(n int64, v uint8) {
	const (
		noCount, noStatus = 1 << 5, 1 << 4
		readBack          = 3
	)
	if sel := v >> 6; sel != readBack {
		if c := &p.Counter[sel]; v>>4&3 == 0 {
			c.latch(n)
		} else {
			c.program(v)
		}
		return
	}
	for i := range p.Counter {
		if v>>(1+i)&1 == 0 {
			continue
		}
		if v&noCount == 0 {
			p.Counter[i].latch(n)
		}
		if v&noStatus == 0 {
			p.Counter[i].latchStatus(n)
		}
	}
}

// latch keeps the count until it is read; a second command is ignored until then.
func (c *counter) latch(n int64) {
	if c.settle(n); !c.Latched {
		c.Latched, c.Latch = true, c.encode(c.value(n))
	}
}

func (c *counter) latchStatus(n int64) {
	c.settle(n)
	if c.StatusLatched {
		return
	}
	c.StatusLatched = true
	c.Status = c.Access<<4 | c.Mode<<1
	if c.BCD {
		c.Status |= 1
	}
	if c.Null {
		c.Status |= 1 << 6
	}
	if c.out(n) {
		c.Status |= 1 << 7
	}
}

// Bits of port 61h.
const (
	ctlGate2     = 1 << 0
	ctlWritable  = 0x0f
	ctlRefresh   = 1 << 4
	ctlOut2      = 1 << 5
	refreshTicks = 18 // counter 1 of the PC: a refresh each 15.085 µs
)

// ControlPort is port 61h, which the timer shares with the speaker.
type ControlPort struct{ PIT *PIT }

// In reads it. Bit 4 changes with each refresh of memory, whatever counter 1 does.
func (p ControlPort) In(uint16) uint8 {
	n := p.PIT.now()
	v := p.PIT.Control
	if n/refreshTicks&1 != 0 {
		v |= ctlRefresh
	}
	c := &p.PIT.Counter[2]
	c.settle(n)
	if c.out(n) {
		v |= ctlOut2
	}
	return v
}

// Out writes it.
func (p ControlPort) Out(_ uint16, v uint8) {
	p.PIT.Control = v & ctlWritable
	p.PIT.Counter[2].setGate(p.PIT.now(), v&ctlGate2 != 0)
}
