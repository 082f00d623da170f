package cpu

// execIRET executes IRET (APM vol. 3, IRET; vol. 2, 8.9.2). Nothing changes
// unless all checks pass; NMIs are unblocked when it completes.
func (c *CPU) execIRET(i *Inst) {
	switch {
	case c.sensitive():
		return
	case c.protected() && c.RFLAGS&FlagNT != 0:
		if c.longActive() {
			c.generalProtection()
		} else {
			c.returnFromTask()
		}
		return
	}
	size := uint64(i.Size)
	var v [5]uint64 // RIP, CS, RFLAGS, RSP, SS
	for k := range v[:3] {
		var ok bool
		if v[k], ok = c.top(uint64(k)*size, i.Size); !ok {
			return
		}
	}
	switch {
	case !c.protected():
		c.iretReal(i, v[0], uint16(v[1]), v[2])
		return
	case !c.longActive() && c.CPL == 0 && i.Size == 4 && v[2]&FlagVM != 0:
		c.iretVirtual()
		return
	}
	r, ok := c.returnCode(uint16(v[1]), v[0])
	if !ok {
		return
	}
	r.flags, r.size = v[2], i.Size
	r.flagsMask = c.popfMask(i.Size)
	if i.Size != 2 {
		r.flagsMask |= FlagRF
		if c.CPL == 0 {
			r.flagsMask |= FlagVIF | FlagVIP
		}
	}
	if !c.mode64() && r.cpl == c.CPL { // the only case without a stack pointer
		c.moveSP(3 * size)
		c.finishReturn(&r)
		return
	}
	for k := 3; k < 5; k++ {
		if v[k], ok = c.top(uint64(k)*size, i.Size); !ok {
			return
		}
	}
	if !c.returnStack(&r, uint16(v[4])) {
		return
	}
	c.Seg[SS] = r.ss
	c.finishReturn(&r)
	c.setSP(v[3])
}

// iretReal is IRET in real and virtual-8086 mode.
func (c *CPU) iretReal(i *Inst, ip uint64, cs uint16, flags uint64) {
	if ip > uint64(c.Seg[CS].Limit) {
		c.generalProtection()
		return
	}
	c.moveSP(3 * uint64(i.Size))
	c.Seg[CS].Sel, c.Seg[CS].Base = cs, uint64(cs)<<4
	c.next = ip
	m := c.popfMask(i.Size)
	if i.Size != 2 {
		m |= FlagRF
	}
	c.setFlags(m, flags)
	c.NMIBlocked = false
}

// farReturn is the checked target of IRET or RETF.
type farReturn struct {
	cs, ss    Segment
	cpl       uint8
	rip       uint64
	flags     uint64
	flagsMask uint64 // of flags to load
	size      uint8
}

// returnCode reads and checks the code segment of a return.
func (c *CPU) returnCode(sel uint16, rip uint64) (r farReturn, ok bool) {
	if sel&^3 == 0 {
		return r, c.generalProtection()
	}
	err := uint32(sel &^ 3)
	raw, at, ok := c.descriptor(sel, VecGP, err)
	if !ok {
		return r, false
	}
	s, rpl := segmentOf(sel, raw), uint8(sel&3)
	conforming := s.Attr&attrConform != 0
	switch {
	case s.Attr&(attrS|attrCode) != attrS|attrCode, rpl < c.CPL,
		conforming && s.dpl() > rpl, !conforming && s.dpl() != rpl,
		c.longActive() && s.Attr&(attrL|attrD) == attrL|attrD:
		c.raiseErr(VecGP, err)
		return r, false
	case s.Attr&attrP == 0:
		c.raiseErr(VecNP, err)
		return r, false
	}
	if !c.targetOK(&s, rip) {
		return r, c.generalProtection()
	}
	if !c.markAccessed(at, &s) {
		return r, false
	}
	return farReturn{cs: s, cpl: rpl, rip: rip}, true
}

// targetOK tells whether rip can be executed in code segment s.
func (c *CPU) targetOK(s *Segment, rip uint64) bool {
	if c.longActive() && s.Attr&attrL != 0 {
		return canonical(rip)
	}
	return rip <= uint64(s.Limit)
}

// returnStack reads and checks the stack segment of a return. A null selector
// is allowed for 64-bit code below CPL 3.
func (c *CPU) returnStack(r *farReturn, sel uint16) bool {
	if sel&^3 == 0 && c.longActive() && r.cs.Attr&attrL != 0 && r.cpl != 3 {
		r.ss = Segment{Sel: sel}
		return true
	}
	if sel&^3 == 0 {
		return c.generalProtection()
	}
	var ok bool
	r.ss, ok = c.readDataSegment(SS, sel, r.cpl, VecGP, 0)
	return ok
}

// finishReturn switches to the target of an IRET. The caller has set SS.
func (c *CPU) finishReturn(r *farReturn) {
	c.setFlags(r.flagsMask, r.flags)
	outer := r.cpl != c.CPL
	c.CPL = r.cpl
	c.setCS(r.cs)
	if outer {
		c.dropOuter()
	}
	c.next = r.rip
	c.NMIBlocked = false
}

// setSP loads the stack pointer as wide as the new stack is.
func (c *CPU) setSP(v uint64) {
	m := c.stackMask()
	if m == 0xffff {
		v = c.GPR[RSP]&^m | v&m
	} else {
		v &= m
	}
	c.GPR[RSP] = v
}
