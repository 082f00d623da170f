package cpu

// Shifts and rotates. Where the manual leaves flags undefined, OF (for counts
// above one) is that of the last of so many shifts by one, and shifts set AF.

// execShift executes ROL, ROR, RCL, RCR, SHL, SHR and SAR.
func (c *CPU) execShift(i *Inst) {
	count := i.Imm
	if i.Form == FormRMCL {
		count = c.GPR[RCX]
	}
	count &= 31
	if i.Size == 8 {
		count = c.shiftCount(i) & 63
	}
	a, ok := c.readForWrite(i)
	if !ok {
		return
	}
	if count == 0 { // flags unchanged; a 32-bit register is still cleared above
		c.writeRM(i, a)
		return
	}
	r, which, f := shift(i.Op, a, uint(count), i.Size, c.RFLAGS)
	if c.writeRM(i, r) {
		c.setFlags(which, f)
	}
}

func (c *CPU) shiftCount(i *Inst) uint64 {
	if i.Form == FormRMCL || i.Form == FormRMRegCL {
		return c.GPR[RCX]
	}
	return i.Imm
}

// shift returns the result, the flags written and their values, for a count that is not 0.
func shift(op Op, a uint64, count uint, size uint8, flags uint64) (r, which, f uint64) {
	n := 8 * uint(size)
	top := n - 1
	switch op {
	case OpROL, OpROR:
		return rotate(op, a, count%n, size)
	case OpRCL, OpRCR:
		return rotateCarry(op, a, count%(n+1), size, flags&FlagCF)
	case OpSHL:
		r = a << count & mask(size)
		if size == 8 {
			f = a >> (64 - count) & 1
		} else {
			f = a << count >> n & 1
		}
		f |= flagIf(r>>top&1 != f, FlagOF)
	case OpSHR:
		r = a >> count
		f = a >> (count - 1) & 1
		f |= flagIf((r>>top^r>>(top-1))&1 != 0, FlagOF)
	case OpSAR:
		s := int64(signExtend(a, size))
		r = uint64(s>>count) & mask(size)
		f = uint64(s>>(count-1)) & 1
	}
	return r, FlagsStatus, f | FlagAF | resultFlags(r, size)
}

// rotate executes ROL and ROR for a count already reduced; it may be 0 then,
// with flags still written.
func rotate(op Op, a uint64, count uint, size uint8) (r, which, f uint64) {
	n := 8 * uint(size)
	top := n - 1
	if op == OpROR {
		count = (n - count) % n
	}
	r = (a<<count | a>>(n-count)) & mask(size)
	if op == OpROL {
		f = r & 1
		f |= flagIf(r>>top&1 != f, FlagOF)
	} else {
		f = r >> top & 1
		f |= flagIf((r>>top^r>>(top-1))&1 != 0, FlagOF)
	}
	return r, FlagCF | FlagOF, f
}

// rotateCarry executes RCL and RCR through the carry flag, a bit at a time.
func rotateCarry(op Op, a uint64, count uint, size uint8, carry uint64) (r, which, f uint64) {
	top := 8*uint(size) - 1
	for range count {
		if op == OpRCL {
			a, carry = (a<<1|carry)&mask(size), a>>top&1
		} else {
			a, carry = a>>1|carry<<top, a&1
		}
	}
	f = carry
	if op == OpRCL {
		f |= flagIf(a>>top&1 != carry, FlagOF)
	} else {
		f |= flagIf((a>>top^a>>(top-1))&1 != 0, FlagOF)
	}
	return a, FlagCF | FlagOF, f
}

// execDoubleShift executes SHLD and SHRD.
func (c *CPU) execDoubleShift(i *Inst) {
	count := uint(c.shiftCount(i) & 31)
	if i.Size == 8 {
		count = uint(c.shiftCount(i) & 63)
	}
	a, ok := c.readForWrite(i)
	if !ok {
		return
	}
	if count == 0 {
		c.writeRM(i, a)
		return
	}
	r, f := doubleShift(i.Op, a, c.reg(i.Reg, i.Size, 0), count, i.Size)
	if c.writeRM(i, r) {
		c.setFlags(FlagsStatus, f)
	}
}

// doubleShift returns result and flags. Undefined for 16 bits shifted by more than
// 16: as on AMD's processors the second operand's bits come in once more.
func doubleShift(op Op, a, b uint64, count uint, size uint8) (r, f uint64) {
	n := 8 * uint(size)
	top := n - 1
	if op == OpSHLD {
		switch {
		case size == 2:
			wide := a<<32 | b<<16 | b
			r, f = wide<<count>>32, wide<<count>>48
		default:
			r, f = a<<count|b>>(n-count), a>>(n-count)
		}
	} else {
		switch {
		case size == 2:
			wide := b<<32 | b<<16 | a
			r, f = wide>>count, wide>>(count-1)
		default:
			r, f = a>>count|b<<(n-count), a>>(count-1)
		}
	}
	r &= mask(size)
	f &= 1
	if op == OpSHLD {
		f |= flagIf(r>>top&1 != f, FlagOF)
	} else {
		f |= flagIf((r>>top^r>>(top-1))&1 != 0, FlagOF)
	}
	return r, f | FlagAF | resultFlags(r, size)
}
