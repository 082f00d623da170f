package e1000

import "resvirt/sim"

// Causes of interrupts (13.4.17).
const (
	icrSent       = 1 << 0 // descriptor written back
	icrSentAll    = 1 << 1 // transmit queue empty
	icrLink       = 1 << 2 // link status change
	icrFewBuffers = 1 << 4 // receive descriptor minimum threshold
	icrOverrun    = 1 << 6
	icrReceived   = 1 << 7 // receiver timer
	icrMDIO       = 1 << 9
	icrAll        = 0x1fedf // those that exist
)

// cause notes a cause of an interrupt.
func (c *Controller) cause(bits uint32) {
	c.state.ICR |= bits & icrAll
	c.drive()
}

// drive raises the interrupt if there is an enabled cause, and the last
// interrupt is long enough ago (13.4.18, in units of 256 ns).
func (c *Controller) drive() {
	s := &c.state
	want := s.ICR&s.IMS != 0
	up := c.config.Level
	switch now := c.host.Now(); {
	case want && !up && now < s.Quiet:
		c.host.Cancel(evThrottle)
		c.host.At(s.Quiet, evThrottle, 0)
	case want && !up:
		s.Quiet = now + sim.Time(s.Regs[rITR])*256*sim.Nanosecond
		c.config.SetLevel(true)
		c.config.Signal(0)
	case !want && up:
		c.config.SetLevel(false)
	}
}

// delayUnit is that of the interrupt delays.
const delayUnit = 1024 * sim.Nanosecond

// delayReceived interrupts for a stored frame, at once or when no other was
// stored for a while, but not later than a while after the first (13.4.30, 13.4.31).
func (c *Controller) delayReceived() {
	s := &c.state
	d, most := s.Regs[rRDTR], s.Regs[rRADV]
	if d == 0 {
		c.received()
		return
	}
	c.host.Cancel(evReceived)
	c.host.At(c.host.Now()+sim.Time(d)*delayUnit, evReceived, 0)
	if most != 0 && !s.Waiting {
		s.Waiting = true
		c.host.At(c.host.Now()+sim.Time(most)*delayUnit, evReceivedBy, 0)
	}
}

func (c *Controller) received() {
	c.host.Cancel(evReceived)
	c.host.Cancel(evReceivedBy)
	c.state.Waiting = false
	c.cause(icrReceived)
}

// delaySent is like delayReceived, for a sent packet that asks for delay
// (13.4.44, 13.4.46).
func (c *Controller) delaySent() {
	s := &c.state
	d, most := s.Regs[rTIDV], s.Regs[rTADV]
	if d == 0 {
		c.sent()
		return
	}
	c.host.Cancel(evSent)
	c.host.At(c.host.Now()+sim.Time(d)*delayUnit, evSent, 0)
	if most != 0 && !s.TxWaiting {
		s.TxWaiting = true
		c.host.At(c.host.Now()+sim.Time(most)*delayUnit, evSentBy, 0)
	}
}

func (c *Controller) sent() {
	c.host.Cancel(evSent)
	c.host.Cancel(evSentBy)
	c.state.TxWaiting = false
	c.cause(icrSent)
}
