package cpu

// writeCR0 writes CR0, entering or leaving long mode with paging (APM vol. 2,
// 3.1.1, 14.6).
func (c *CPU) writeCR0(v uint64) bool {
	old := c.CR0
	paging, was := v&CR0PG != 0, old&CR0PG != 0
	switch {
	case v>>32 != 0, paging && v&CR0PE == 0, v&CR0NW != 0 && v&CR0CD == 0,
		was && !paging && (c.mode64() || c.CR4&CR4PCIDE != 0):
		return c.generalProtection()
	}
	switch {
	case paging && !was && c.MSR.EFER&EFERLME != 0:
		if c.CR4&CR4PAE == 0 || c.Seg[CS].Attr&attrL != 0 {
			return c.generalProtection()
		}
		c.MSR.EFER |= EFERLMA
	case c.paePaging(v, c.CR4) && (v^old)&(CR0PG|CR0CD|CR0NW) != 0:
		if !c.loadPDPTEs(c.CR3) {
			return c.generalProtection()
		}
	case was && !paging:
		c.MSR.EFER &^= EFERLMA
	}
	c.CR0 = v&cr0Known | CR0ET
	if (v^old)&(CR0PG|CR0PE) != 0 {
		c.flushTLB(true)
	}
	if (v^old)&(CR0PG|CR0PE|CR0WP|CR0AM) != 0 {
		c.Resync()
	}
	return true
}

// writeCR3 switches address spaces; global translations stay, and with PCIDs
// those of other contexts, and with bit 63 all (APM vol. 2, 5.5.1, 5.5.2).
func (c *CPU) writeCR3(v uint64) bool {
	contexts := c.CR4&CR4PCIDE != 0
	keep := contexts && v&cr3Keep != 0
	if contexts {
		v &^= cr3Keep
	}
	if v&^physMask != 0 || c.paePaging(c.CR0, c.CR4) && !c.loadPDPTEs(v) {
		return c.generalProtection()
	}
	c.CR3 = v
	c.loadedCR3()
	switch {
	case !contexts:
		c.flushTLB(false)
		return true
	case !keep:
		c.flushContext(c.pcid())
	}
	c.Resync() // host pointers belong to a context
	return true
}

func (c *CPU) loadedCR3() {
	if c.LoadedCR3 != nil {
		c.LoadedCR3(c.ID)
	}
}

// RetiredIn is how many instructions this processor has retired that began at one of some
// privilege levels, a bit each.
func (c *CPU) RetiredIn(levels uint8) (n uint64) {
	for level, at := range &c.RetiredAt {
		n += at & -uint64(levels>>level&1)
	}
	return n
}

// writeCR4 writes CR4. Changes of what paging means flush the whole TLB.
func (c *CPU) writeCR4(v uint64) bool {
	changed := v ^ c.CR4
	switch {
	case v&^cr4Known != 0, v&CR4PAE == 0 && c.longActive(),
		changed&v&CR4PCIDE != 0 && (!c.longActive() || c.CR3&0xfff != 0),
		c.paePaging(c.CR0, v) && changed&(CR4PAE|CR4PSE|CR4PGE|CR4SMEP) != 0 && !c.loadPDPTEs(c.CR3):
		return c.generalProtection()
	}
	c.CR4 = v
	if changed&(CR4PGE|CR4PAE|CR4PSE|CR4SMEP) != 0 || changed&^v&CR4PCIDE != 0 {
		c.flushTLB(true)
	}
	if changed != 0 {
		c.Resync()
	}
	return true
}

// execINVPCID drops translations by context (Intel SDM vol. 2, INVPCID; APM
// vol. 3, INVPCID).
func (c *CPU) execINVPCID(i *Inst) {
	kind := c.reg(i.Reg, c.controlSize(), i.Prefix)
	pcid, va, ok := c.load128(i.Seg, c.address(i), false)
	switch {
	case !ok:
		return
	case kind > 3, pcid>>12 != 0, kind < 2 && pcid != 0 && c.CR4&CR4PCIDE == 0, kind == 0 && !canonical(va):
		c.generalProtection()
		return
	}
	switch kind {
	case 0:
		c.invalidateIn(va, pcid)
	case 1:
		c.flushContext(pcid)
	case 2:
		c.flushTLB(true)
	case 3:
		c.flushTLB(false)
	}
}

// generalProtection raises #GP(0) and returns false.
func (c *CPU) generalProtection() bool {
	c.raiseErr(VecGP, 0)
	return false
}

// controlSize is the width of moves to and from control and debug registers.
func (c *CPU) controlSize() uint8 {
	if c.mode64() {
		return 8
	}
	return 4
}

// hidden raises #GP(0) if CR4.UMIP keeps CPL 3 from seeing where system tables
// are (APM vol. 2, 3.1.3).
func (c *CPU) hidden() bool {
	return c.CPL != 0 && c.CR4&CR4UMIP != 0 && !c.generalProtection()
}

func (c *CPU) execMoveCR(i *Inst) {
	if c.CPL != 0 {
		c.generalProtection()
		return
	}
	if i.Op == OpMOVFROMCR {
		v := uint64(0)
		switch i.Reg {
		case 0:
			v = c.CR0
		case 2:
			v = c.CR2
		case 3:
			v = c.CR3
		case 4:
			v = c.CR4
		case 8:
			v = c.Bus.ReadTPR(c.ID)
		}
		c.setReg(i.RM, c.controlSize(), i.Prefix, v)
		return
	}
	v := c.reg(i.RM, c.controlSize(), i.Prefix)
	switch i.Reg {
	case 0:
		c.writeCR0(v)
	case 2:
		c.CR2 = v
	case 3:
		c.writeCR3(v)
	case 4:
		c.writeCR4(v)
	case 8:
		if v > 15 {
			c.generalProtection()
			return
		}
		c.CR8 = v
		c.Bus.WriteTPR(c.ID, v)
	}
}

// execMachineStatus executes SMSW, LMSW and CLTS.
func (c *CPU) execMachineStatus(i *Inst) {
	if i.Op == OpSMSW {
		if c.hidden() {
			return
		}
		c.storeSelector(i, c.CR0)
		return
	}
	if c.CPL != 0 {
		c.generalProtection()
		return
	}
	if i.Op == OpCLTS {
		c.CR0 &^= CR0TS
		return
	}
	if v, ok := c.readRMSize(i, 2); ok {
		const low = CR0PE | CR0MP | CR0EM | CR0TS
		c.writeCR0(c.CR0&^(low&^CR0PE) | v&low)
	}
}
