package e1000

// Registers of the PHY, a Marvell 88E1011 (13.4.7 and IEEE 802.3, clause 22).
const (
	phyControl = 0
	phyStatus  = 1
	phyID1     = 2
	phyID2     = 3
	phyAdv     = 4
	phyPartner = 5
	phyExp     = 6
	phyGigCtrl = 9
	phyGigStat = 10
	phyExtStat = 15
	phySpecial = 16
	phySpecSta = 17
	phyExtCtrl = 20

	phyReset    = 1 << 15
	phyPowerOff = 1 << 11
	phyRestart  = 1 << 9
)

// resetPHY sets the registers as after reset, with a partner that can do the same.
func (c *Controller) resetPHY() {
	c.state.PHY = [32]uint16{
		phyControl: 0x1140, // negotiates, full duplex, 1000 Mbit/s
		phyStatus:  0x7949,
		phyID1:     0x0141,
		phyID2:     0x0c20,
		phyAdv:     0x0de1,
		phyPartner: 0xcde1,
		phyExp:     0x000f,
		phyGigCtrl: 0x0e00,
		phyGigStat: 0x3c00,
		phyExtStat: 0x3000,
		phySpecial: 0x0360,
		phySpecSta: 0xa800, // 1000 Mbit/s, full duplex, resolved
		phyExtCtrl: 0x0d60,
	}
}

// restartPHY loses the link; it comes back after negotiation.
func (c *Controller) restartPHY() {
	was := c.linkUp()
	c.state.Link = false
	c.host.Cancel(evLink)
	if c.state.PHY[phyControl]&phyPowerOff == 0 {
		c.host.At(c.host.Now()+c.time.LinkUp, evLink, 0)
	}
	if was {
		c.cause(icrLink)
	}
}

// writeMDIC reads or writes a register of the PHY, number 1, at once (13.4.8).
func (c *Controller) writeMDIC(v uint32) {
	const (
		opWrite, opRead = 1, 2
		ready, notify   = 1 << 28, 1 << 29
		failed          = 1 << 30
	)
	reg := v >> 16 & 31
	out := v&0x2fff0000 | ready
	switch op := v >> 26 & 3; {
	case v>>21&31 != 1:
		out |= failed
	case op == opWrite:
		out |= v & 0xffff
		c.writePHY(reg, uint16(v))
	case op == opRead:
		out |= uint32(c.readPHY(reg))
	}
	c.state.Regs[rMDIC] = out
	if v&notify != 0 {
		c.cause(icrMDIO)
	}
}

func (c *Controller) readPHY(reg uint32) uint16 {
	v := c.state.PHY[reg]
	if c.state.Link {
		switch reg {
		case phyStatus:
			v |= 1<<5 | 1<<2 // negotiated, link up
		case phySpecSta:
			v |= 1 << 10
		}
	}
	return v
}

func (c *Controller) writePHY(reg uint32, v uint16) {
	p := &c.state.PHY
	switch reg {
	case phyControl:
		off := p[phyControl] & phyPowerOff
		if v&phyReset != 0 {
			c.resetPHY()
		} else {
			p[phyControl] = v &^ phyRestart
		}
		if v&(phyReset|phyRestart) != 0 || v&phyPowerOff != off {
			c.restartPHY()
		}
	case phyAdv, phyGigCtrl, phySpecial, phyExtCtrl, 18, 29, 30:
		p[reg] = v
	}
}
