package cpu

// reg returns general register n as an operand of size bytes. Byte registers 4
// to 7 without REX are AH, CH, DH and BH.
func (c *CPU) reg(n, size uint8, p Prefix) uint64 {
	switch size {
	case 1:
		if n >= 4 && n < 8 && p&PrefixREX == 0 {
			return c.GPR[n-4] >> 8 & 0xff
		}
		return c.GPR[n&15] & 0xff
	case 2:
		return c.GPR[n&15] & 0xffff
	case 4:
		return c.GPR[n&15] & 0xffffffff
	}
	return c.GPR[n&15]
}

// setReg writes general register n; 32-bit results clear the upper half (APM
// vol. 3, 1.2.7), smaller ones keep the rest.
func (c *CPU) setReg(n, size uint8, p Prefix, v uint64) {
	switch size {
	case 1:
		if n >= 4 && n < 8 && p&PrefixREX == 0 {
			c.GPR[n-4] = c.GPR[n-4]&^0xff00 | v&0xff<<8
			return
		}
		c.GPR[n&15] = c.GPR[n&15]&^0xff | v&0xff
	case 2:
		c.GPR[n&15] = c.GPR[n&15]&^0xffff | v&0xffff
	case 4:
		c.GPR[n&15] = v & 0xffffffff
	default:
		c.GPR[n&15] = v
	}
}

// address is the effective address of the memory operand: the offset in its segment.
func (c *CPU) address(i *Inst) uint64 {
	a := uint64(i.Disp)
	switch {
	case i.Base < 16:
		a += c.GPR[i.Base]
	case i.Base == RIPReg:
		a += c.next
	}
	if i.Index < 16 {
		a += c.GPR[i.Index] << i.Scale
	}
	switch i.Addr {
	case 2:
		a &= 0xffff
	case 4:
		a &= 0xffffffff
	}
	return a
}

// readRM reads the rm operand at the instruction's size.
func (c *CPU) readRM(i *Inst) (v uint64, ok bool) { return c.readRMSize(i, i.Size) }

// readRMSize reads the rm operand at another size.
func (c *CPU) readRMSize(i *Inst, size uint8) (v uint64, ok bool) {
	if i.Prefix&PrefixMem != 0 {
		return c.loadN(i.Seg, c.address(i), int(size))
	}
	return c.reg(i.RM, size, i.Prefix), true
}

// readForWrite reads the rm operand of an instruction that will write it. A
// fault is one of the write (APM vol. 2, 8.4.2), and none comes after this.
func (c *CPU) readForWrite(i *Inst) (v uint64, ok bool) {
	if i.Prefix&PrefixMem != 0 {
		a := c.address(i)
		if !c.probeWrite(i.Seg, a, int(i.Size)) {
			return 0, false
		}
		return c.loadN(i.Seg, a, int(i.Size))
	}
	return c.reg(i.RM, i.Size, i.Prefix), true
}

// writeRM writes the rm operand at the instruction's size.
func (c *CPU) writeRM(i *Inst, v uint64) bool {
	if i.Prefix&PrefixMem != 0 {
		return c.storeN(i.Seg, c.address(i), int(i.Size), v&mask(i.Size))
	}
	c.setReg(i.RM, i.Size, i.Prefix, v)
	return true
}

// readSource reads the second operand of the two-operand forms.
func (c *CPU) readSource(i *Inst) (v uint64, ok bool) {
	switch i.Form {
	case FormRMReg:
		return c.reg(i.Reg, i.Size, i.Prefix), true
	case FormRegRM:
		return c.readRM(i)
	}
	return i.Imm & mask(i.Size), true
}

// stackMask covers the bits of RSP that addressing the stack uses.
func (c *CPU) stackMask() uint64 {
	if c.mode64() {
		return ^uint64(0)
	}
	return c.Seg[SS].stackMask()
}

// stackMask is the same for a stack segment outside 64-bit mode.
func (s *Segment) stackMask() uint64 {
	if s.Attr&attrD != 0 {
		return 0xffffffff
	}
	return 0xffff
}

// moveSP adds n to the stack pointer at the stack's width.
func (c *CPU) moveSP(n uint64) { c.moveSPWithin(c.stackMask(), n) }

// moveSPWithin is moveSP for a stack whose width is not that of SS.
func (c *CPU) moveSPWithin(m, n uint64) {
	sp := (c.GPR[RSP] + n) & m
	if m == 0xffff {
		sp |= c.GPR[RSP] &^ m
	}
	c.GPR[RSP] = sp
}

// push stores v and moves the stack pointer if that did not fault.
func (c *CPU) push(size uint8, v uint64) bool {
	if !c.storeN(SS, (c.GPR[RSP]-uint64(size))&c.stackMask(), int(size), v&mask(size)) {
		return false
	}
	c.moveSP(-uint64(size))
	return true
}

// top reads the value that is off bytes above the stack pointer.
func (c *CPU) top(off uint64, size uint8) (v uint64, ok bool) {
	return c.loadN(SS, (c.GPR[RSP]+off)&c.stackMask(), int(size))
}

// jump makes target the next instruction, cut to the operand size. A target
// outside the code segment or not canonical faults the branch itself.
func (c *CPU) jump(i *Inst, target uint64) bool {
	if i.Size < 8 {
		target &= mask(i.Size)
	}
	if c.mode() == Mode64 {
		if uint64(int64(target)<<16>>16) != target {
			c.raiseErr(VecGP, 0)
			return false
		}
	} else if target > uint64(c.Seg[CS].Limit) {
		c.raiseErr(VecGP, 0)
		return false
	}
	c.next = target
	return true
}
