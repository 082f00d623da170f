package e1000

import "resvirt/hw/pci"

// ReadBAR implements pci.Function: registers in memory space (BAR 0), or by
// address and data in I/O space (BAR 2, 13.2.1).
func (c *Controller) ReadBAR(bar int, off uint64, size int) uint64 {
	if bar == 0 {
		return pci.ReadRegs(off, size, func(off uint64) uint32 { return c.read(uint32(off)) })
	}
	return pci.ReadRegs(off, size, func(off uint64) uint32 {
		switch off {
		case 0:
			return c.state.IOAddr
		case 4:
			return c.read(c.state.IOAddr)
		}
		return 0
	})
}

// WriteBAR implements pci.Function.
func (c *Controller) WriteBAR(bar int, off uint64, size int, v uint64) {
	if bar == 0 {
		pci.WriteRegs(off, size, v, func(off uint64, v uint32) { c.write(uint32(off), v) })
		return
	}
	pci.WriteRegs(off, size, v, func(off uint64, v uint32) {
		switch off {
		case 0:
			c.state.IOAddr = v & 0x1fffc
		case 4:
			c.write(c.state.IOAddr, v)
		}
	})
}

// array is the register array that an offset lies in, and the place there.
func (c *Controller) array(off uint32) ([]uint32, uint32) {
	s := &c.state
	for _, a := range [...]struct {
		base uint32
		list []uint32
	}{{offMTA, s.MTA[:]}, {offRA, s.RA[:]}, {offVFTA, s.VFTA[:]}} {
		if i := (off - a.base) / 4; off >= a.base && i < uint32(len(a.list)) {
			return a.list, i
		}
	}
	return nil, 0
}

func (c *Controller) read(off uint32) uint32 {
	s := &c.state
	switch off {
	case offCTRLDup:
		off = 0
	case offSTATUS:
		return c.status()
	case offICR:
		v := s.ICR
		s.ICR = 0
		c.drive()
		return v
	case offICS, offIMS:
		return s.IMS
	}
	if off >= offStats && off < offStats+256 {
		return c.readStat(off)
	}
	if list, i := c.array(off); list != nil {
		return list[i]
	}
	i := regAt(off)
	switch i {
	case -1:
		return 0
	case rEECD:
		return c.readEECD()
	}
	return s.Regs[i]
}

func (c *Controller) write(off, v uint32) {
	s := &c.state
	switch off {
	case offCTRLDup:
		off = 0
	case offICR:
		s.ICR &^= v
		c.drive()
		return
	case offICS:
		c.cause(v)
		return
	case offIMS:
		s.IMS |= v & icrAll
		c.drive()
		return
	case offIMC:
		s.IMS &^= v
		c.drive()
		return
	}
	if list, i := c.array(off); list != nil {
		list[i] = v
		return
	}
	if i := regAt(off); i >= 0 {
		c.writeReg(i, v)
	}
}

// writeReg writes one of the registers that keep their value.
func (c *Controller) writeReg(i int, v uint32) {
	r := &c.state.Regs
	switch i {
	case rCTRL:
		c.writeCTRL(v)
	case rEECD:
		c.writeEECD(v)
	case rEERD:
		r[i] = c.readWord(v)
	case rMDIC:
		c.writeMDIC(v)
	case rRDBAL, rTDBAL:
		r[i] = v &^ 0xf
	case rRDLEN, rTDLEN:
		r[i] = v & 0xfff80
	case rRDH, rRDT, rTDH, rTDT:
		r[i] = v & 0xffff
		c.ring(i)
	case rRDTR:
		r[i] = v & 0xffff
		if v&(1<<31) != 0 {
			c.received() // flush what is delayed
		}
	case rITR, rRADV, rTIDV, rTADV:
		r[i] = v & 0xffff
	case rTCTL, rRCTL:
		r[i] = v
		c.ring(i)
	default:
		r[i] = v
	}
}

// ring starts work that has become possible because a ring or an enable bit
// changed.
func (c *Controller) ring(i int) {
	switch i {
	case rTDT, rTCTL:
		c.startSending()
	case rRDT, rRCTL:
		c.startStoring()
	}
}

// writeCTRL resets, or keeps the value (13.4.1).
func (c *Controller) writeCTRL(v uint32) {
	if v&ctrlReset != 0 {
		c.resetRegs()
		return
	}
	was := c.linkUp()
	c.state.Regs[rCTRL] = v &^ ctrlPHYReset
	if v&ctrlPHYReset != 0 {
		c.restartPHY()
	}
	if c.linkUp() != was {
		c.cause(icrLink)
	}
}
