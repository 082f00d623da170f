package cpu

// writeCR0 writes CR0, entering or leaving long mode with paging (APM vol. 2,
// 3.1.1, 14.6).
func (c *CPU) writeCR0(v uint64) bool {
	old := c.CR0
	paging, was := v&CR0PG != 0, old&CR0PG != 0
	switch {
	case v>>32 != 0, paging && v&CR0PE == 0, v&CR0NW != 0 && v&CR0CD == 0,
		was && !paging && c.mode64():
		return c.generalProtection()
	}
	if paging && !was {
		if c.MSR.EFER&EFERLME == 0 {
			c.unsupported("paging outside long mode")
			return false
		}
		if c.CR4&CR4PAE == 0 || c.Seg[CS].Attr&attrL != 0 {
			return c.generalProtection()
		}
		c.MSR.EFER |= EFERLMA
	} else if was && !paging {
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

// writeCR3 switches address spaces; global translations stay (APM vol. 2, 5.5.2).
func (c *CPU) writeCR3(v uint64) bool {
	if v&^physMask != 0 {
		return c.generalProtection()
	}
	c.CR3 = v
	c.flushTLB(false)
	return true
}

// writeCR4 writes CR4. Changes of what paging means flush the whole TLB.
func (c *CPU) writeCR4(v uint64) bool {
	if v&^cr4Known != 0 || v&CR4PAE == 0 && c.longActive() {
		return c.generalProtection()
	}
	changed := v ^ c.CR4
	c.CR4 = v
	if changed&(CR4PGE|CR4PAE|CR4PSE|CR4SMEP) != 0 {
		c.flushTLB(true)
	}
	if changed != 0 {
		c.Resync()
	}
	return true
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

// execMoveDR executes MOV to and from debug registers. They are stored; address
// breakpoints do not fire (APM vol. 2, 13.1.1).
func (c *CPU) execMoveDR(i *Inst) {
	n := i.Reg
	if n == 4 || n == 5 {
		if c.CR4&CR4DE != 0 {
			c.raise(VecUD)
			return
		}
		n += 2
	}
	if c.CPL != 0 {
		c.generalProtection()
		return
	}
	if c.DR[7]&DR7GD != 0 {
		c.DR[6] |= DR6BD
		c.DR[7] &^= DR7GD
		c.raise(VecDB)
		return
	}
	if i.Op == OpMOVFROMDR {
		c.setReg(i.RM, c.controlSize(), i.Prefix, c.DR[n])
		return
	}
	v := c.reg(i.RM, c.controlSize(), i.Prefix)
	if n >= 6 && v>>32 != 0 {
		c.generalProtection()
		return
	}
	switch n {
	case 6:
		v = v&dr6Write | dr6One
	case 7:
		v = v&dr7Write | dr7One
	}
	c.DR[n] = v
}

// execMachineStatus executes SMSW, LMSW and CLTS.
func (c *CPU) execMachineStatus(i *Inst) {
	if i.Op == OpSMSW {
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
