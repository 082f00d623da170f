package cpu

import "math/bits"

// execBitTest executes BT, BTS, BTR and BTC. With a memory operand and the bit
// number in a register, the number reaches beyond the operand (APM vol. 3, BT).
func (c *CPU) execBitTest(i *Inst) {
	at := *i
	n := i.Imm
	if i.Form == FormRMReg {
		n = signExtend(c.reg(i.Reg, i.Size, 0), i.Size)
		if i.Prefix&PrefixMem != 0 {
			at.Disp += int64(n) >> (bits.TrailingZeros8(i.Size) + 3) * int64(i.Size)
		}
	}
	bit := uint64(1) << (n & (8*uint64(i.Size) - 1))
	var v uint64
	var ok bool
	if i.Op == OpBT {
		v, ok = c.readRM(&at)
	} else {
		v, ok = c.readForWrite(&at)
	}
	if !ok {
		return
	}
	r := v
	switch i.Op {
	case OpBTS:
		r |= bit
	case OpBTR:
		r &^= bit
	case OpBTC:
		r ^= bit
	}
	if i.Op == OpBT || c.writeRM(&at, r) {
		c.setFlags(FlagCF, flagIf(v&bit != 0, FlagCF))
	}
}

// execBits executes BSF, BSR, POPCNT and BSWAP.
func (c *CPU) execBits(i *Inst) {
	if i.Op == OpBSWAP {
		c.byteSwap(i)
		return
	}
	v, ok := c.readRM(i)
	if !ok {
		return
	}
	r := uint64(0)
	switch {
	case i.Op == OpPOPCNT:
		c.setReg(i.Reg, i.Size, 0, uint64(bits.OnesCount64(v)))
		c.setFlags(FlagsStatus, flagIf(v == 0, FlagZF))
		return
	case v == 0: // AMD: the whole destination register is unchanged
	case i.Op == OpBSF:
		r = uint64(bits.TrailingZeros64(v))
		c.setReg(i.Reg, i.Size, 0, r)
	default:
		r = uint64(bits.Len64(v) - 1)
		c.setReg(i.Reg, i.Size, 0, r)
	}
	// All flags but ZF are undefined: here PF is computed from the result, and
	// the others are 0.
	c.setFlags(FlagsStatus, resultFlags(r, 8)&FlagPF|flagIf(v == 0, FlagZF))
}

// byteSwap executes BSWAP; a 16-bit operand is undefined and becomes 0.
func (c *CPU) byteSwap(i *Inst) {
	v := c.GPR[i.RM]
	switch i.Size {
	case 8:
		v = bits.ReverseBytes64(v)
	case 4:
		v = uint64(bits.ReverseBytes32(uint32(v)))
	default:
		v = 0
	}
	c.setReg(i.RM, i.Size, 0, v)
}

// execAtomic executes XCHG, XADD, CMPXCHG and CMPXCHG8B/16B. They, and LOCK,
// are atomic because a processor runs alone between two turns.
func (c *CPU) execAtomic(i *Inst) {
	if i.Op == OpCMPXCHG8B {
		c.compareExchangePair(i)
		return
	}
	old, ok := c.readForWrite(i)
	if !ok {
		return
	}
	b := c.reg(i.Reg, i.Size, i.Prefix)
	switch i.Op {
	case OpXCHG:
		if c.writeRM(i, b) {
			c.setReg(i.Reg, i.Size, i.Prefix, old)
		}
	case OpXADD: // the sum goes last, for when both operands are one register
		sum, f := addFlags(old, b, 0, i.Size)
		if i.Prefix&PrefixMem != 0 && !c.writeRM(i, sum) {
			return
		}
		c.setReg(i.Reg, i.Size, i.Prefix, old)
		if i.Prefix&PrefixMem == 0 {
			c.writeRM(i, sum)
		}
		c.setFlags(FlagsStatus, f)
	case OpCMPXCHG:
		acc := c.reg(RAX, i.Size, PrefixREX)
		_, f := subFlags(acc, old, 0, i.Size)
		if acc == old {
			if !c.writeRM(i, b) {
				return
			}
		} else {
			// Memory is written in any case, a register is not: a 32-bit one keeps its upper half.
			if i.Prefix&PrefixMem != 0 && !c.writeRM(i, old) {
				return
			}
			c.setReg(RAX, i.Size, PrefixREX, old)
		}
		c.setFlags(FlagsStatus, f)
	}
}

// compareExchangePair executes CMPXCHG8B and, with 8-byte halves, CMPXCHG16B,
// which demands alignment.
func (c *CPU) compareExchangePair(i *Inst) {
	a := c.address(i)
	size := uint64(i.Size)
	if size == 8 && !c.aligned16(i.Seg, a, accWrite) {
		return
	}
	if !c.probeWrite(i.Seg, a, int(2*size)) {
		return
	}
	lo, ok := c.loadN(i.Seg, a, int(size))
	if !ok {
		return
	}
	hi, ok := c.loadN(i.Seg, a+size, int(size))
	if !ok {
		return
	}
	equal := lo == c.reg(RAX, i.Size, 0) && hi == c.reg(RDX, i.Size, 0)
	newLo, newHi := lo, hi
	if equal {
		newLo, newHi = c.reg(RBX, i.Size, 0), c.reg(RCX, i.Size, 0)
	}
	if !c.storeN(i.Seg, a, int(size), newLo) || !c.storeN(i.Seg, a+size, int(size), newHi) {
		return
	}
	if !equal {
		c.setReg(RAX, i.Size, 0, lo)
		c.setReg(RDX, i.Size, 0, hi)
	}
	c.setFlags(FlagZF, flagIf(equal, FlagZF))
}
