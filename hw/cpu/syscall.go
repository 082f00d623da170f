package cpu

// execSyscall executes SYSCALL (APM vol. 3, SYSCALL).
func (c *CPU) execSyscall() {
	if c.MSR.EFER&EFERSCE == 0 {
		c.raise(VecUD)
		return
	}
	sel := uint16(c.MSR.STAR>>32) &^ 3
	c.GPR[RCX] = c.next
	attr := attrFlatCode | attrD
	if c.longActive() {
		c.GPR[R11] = c.RFLAGS &^ FlagRF
		target := c.MSR.LSTAR
		if !c.mode64() {
			target = c.MSR.CSTAR
		}
		attr = attrFlatCode | attrL
		c.RFLAGS &^= c.MSR.FMASK | FlagRF
		c.RFLAGS |= FlagOne
		c.next = target
	} else {
		c.RFLAGS &^= FlagIF | FlagRF | FlagVM
		c.next = c.MSR.STAR & 0xffffffff
	}
	c.stepped = c.RFLAGS&FlagTF != 0 // not where the mask clears it
	c.CPL = 0
	c.Seg[SS] = Segment{Sel: sel + 8, Attr: attrFlatData, Limit: 0xffffffff}
	c.setCS(Segment{Sel: sel, Attr: attr, Limit: 0xffffffff})
}

// execSysret executes SYSRET. It leaves the attributes of SS as they are, but
// for the selector, and does not check RCX: a bad one faults at CPL 3, on the
// first fetch (APM vol. 3, SYSRET).
func (c *CPU) execSysret(i *Inst) {
	if c.MSR.EFER&EFERSCE == 0 {
		c.raise(VecUD)
		return
	}
	if c.CPL != 0 || !c.protected() {
		c.generalProtection()
		return
	}
	sel := uint16(c.MSR.STAR >> 48)
	cs := Segment{Sel: sel | 3, Attr: attrFlatCode | attrD | 3<<attrDPLShift, Limit: 0xffffffff}
	target := c.GPR[RCX] & 0xffffffff
	if i.Size == 8 {
		cs.Sel = (sel + 16) | 3
		cs.Attr = attrFlatCode | attrL | 3<<attrDPLShift
		target = c.GPR[RCX]
	}
	if c.longActive() {
		const kept = FlagsStatus | FlagTF | FlagIF | FlagDF | FlagIOPL | FlagNT | FlagAC | FlagVIF | FlagVIP | FlagID
		c.RFLAGS = c.GPR[R11]&kept | FlagOne
	} else {
		c.RFLAGS |= FlagIF
	}
	c.stepped = c.RFLAGS&FlagTF != 0 // before the first instruction at the target
	c.CPL = 3
	c.Seg[SS].Sel = (sel + 8) | 3
	c.setCS(cs)
	c.next = target
}

// SYSENTER and SYSEXIT are those of AMD's processors: not in long mode, its
// compatibility submode included (APM vol. 3, SYSENTER).

// execSysenter executes SYSENTER.
func (c *CPU) execSysenter() {
	sel := uint16(c.MSR.SysenterCS) &^ 3
	switch {
	case c.longActive():
		c.raise(VecUD)
		return
	case c.CR0&CR0PE == 0, sel == 0:
		c.generalProtection()
		return
	}
	c.RFLAGS &^= FlagIF | FlagRF | FlagVM
	c.CPL = 0
	c.Seg[SS] = Segment{Sel: sel + 8, Attr: attrFlatData, Limit: 0xffffffff}
	c.setCS(Segment{Sel: sel, Attr: attrFlatCode | attrD, Limit: 0xffffffff})
	c.GPR[RSP] = c.MSR.SysenterESP & 0xffffffff
	c.next = c.MSR.EIP & 0xffffffff
}

// execSysexit executes SYSEXIT.
func (c *CPU) execSysexit() {
	sel := uint16(c.MSR.SysenterCS) &^ 3
	switch {
	case c.longActive():
		c.raise(VecUD)
		return
	case !c.protected(), c.CPL != 0, sel == 0:
		c.generalProtection()
		return
	}
	const user = 3 << attrDPLShift
	c.CPL = 3
	c.Seg[SS] = Segment{Sel: (sel + 24) | 3, Attr: attrFlatData | user, Limit: 0xffffffff}
	c.setCS(Segment{Sel: (sel + 16) | 3, Attr: attrFlatCode | attrD | user, Limit: 0xffffffff})
	c.GPR[RSP] = c.GPR[RCX] & 0xffffffff
	c.next = c.GPR[RDX] & 0xffffffff
}
