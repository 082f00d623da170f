package cpu

// execLegacy executes instructions that 64-bit mode does not have.
func (c *CPU) execLegacy(i *Inst) {
	switch i.Op {
	case OpDAA, OpDAS:
		c.decimalAdjust(i.Op)
	case OpAAA, OpAAS:
		c.asciiAdjust(i.Op)
	case OpAAM:
		if i.Imm == 0 {
			c.raise(VecDE)
			return
		}
		al := c.GPR[RAX] & 0xff
		c.setReg(RAX, 2, 0, al/i.Imm<<8|al%i.Imm)
		c.setFlags(FlagsStatus, resultFlags(al%i.Imm, 1))
	case OpAAD:
		al := (c.GPR[RAX] + c.GPR[RAX]>>8&0xff*i.Imm) & 0xff
		c.setReg(RAX, 2, 0, al)
		c.setFlags(FlagsStatus, resultFlags(al, 1))
	case OpSALC:
		c.setReg(RAX, 1, 0, -(c.RFLAGS & FlagCF))
	case OpBOUND:
		c.bound(i)
	}
}

// bound executes BOUND: #BR unless lower <= index <= upper, signed.
func (c *CPU) bound(i *Inst) {
	a := c.address(i)
	lo, ok := c.loadN(i.Seg, a, int(i.Size))
	if !ok {
		return
	}
	hi, ok := c.loadN(i.Seg, a+uint64(i.Size), int(i.Size))
	if !ok {
		return
	}
	n := int64(signExtend(c.GPR[i.Reg], i.Size))
	if n < int64(signExtend(lo, i.Size)) || n > int64(signExtend(hi, i.Size)) {
		c.raise(VecBR)
	}
}

// decimalAdjust executes DAA and DAS (APM vol. 3).
func (c *CPU) decimalAdjust(op Op) {
	old := c.GPR[RAX] & 0xff
	al, f := old, uint64(0)
	sign := uint64(1)
	if op == OpDAS {
		sign = ^uint64(0)
	}
	if old&15 > 9 || c.RFLAGS&FlagAF != 0 {
		al += 6 * sign
		f |= FlagAF | flagIf(op == OpDAS && old < 6, FlagCF)
	}
	if old > 0x99 || c.RFLAGS&FlagCF != 0 {
		al += 0x60 * sign
		f |= FlagCF
	}
	al &= 0xff
	c.setReg(RAX, 1, 0, al)
	c.setFlags(FlagsStatus, f|resultFlags(al, 1))
}

// asciiAdjust executes AAA and AAS.
func (c *CPU) asciiAdjust(op Op) {
	ax, f := c.GPR[RAX]&0xffff, uint64(0)
	if ax&15 > 9 || c.RFLAGS&FlagAF != 0 {
		if f = FlagAF | FlagCF; op == OpAAA {
			ax += 0x106
		} else {
			ax -= 0x106
		}
	}
	ax &= 0xff0f
	c.setReg(RAX, 2, 0, ax)
	c.setFlags(FlagsStatus, f|resultFlags(ax&0xff, 1))
}
