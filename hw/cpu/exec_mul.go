package cpu

import "math/bits"

// execMul executes MUL and the three forms of IMUL. CF and OF tell that the
// product does not fit; the other flags are undefined and unchanged here.
func (c *CPU) execMul(i *Inst) {
	b, ok := c.readRM(i)
	if !ok {
		return
	}
	var a uint64
	switch i.Op {
	case OpMUL, OpIMUL:
		a = c.reg(RAX, i.Size, PrefixREX)
	case OpIMUL2:
		a = c.reg(i.Reg, i.Size, 0)
	case OpIMUL3:
		a = i.Imm
	}
	var hi, lo uint64
	if i.Op == OpMUL {
		hi, lo = bits.Mul64(a, b)
	} else {
		hi, lo = mulSigned(signExtend(a, i.Size), signExtend(b, i.Size))
	}
	if i.Size < 8 {
		hi = lo >> (8 * i.Size) & mask(i.Size)
		lo &= mask(i.Size)
	}
	overflow := hi != 0
	if i.Op != OpMUL {
		overflow = hi != -(lo>>(8*i.Size-1)&1)&mask(i.Size)
	}
	switch {
	case i.Op == OpIMUL2 || i.Op == OpIMUL3:
		c.setReg(i.Reg, i.Size, 0, lo)
	case i.Size == 1:
		c.setReg(RAX, 2, 0, hi<<8|lo)
	default:
		c.setReg(RAX, i.Size, 0, lo)
		c.setReg(RDX, i.Size, 0, hi)
	}
	c.setFlags(FlagCF|FlagOF, flagIf(overflow, FlagCF|FlagOF))
}

// mulSigned is the signed 128-bit product.
func mulSigned(a, b uint64) (hi, lo uint64) {
	hi, lo = bits.Mul64(a, b)
	if int64(a) < 0 {
		hi -= b
	}
	if int64(b) < 0 {
		hi -= a
	}
	return hi, lo
}

// execDiv executes DIV and IDIV. Flags are undefined: AF is set, SF, ZF and PF are cleared.
// #DE leaves the operands as they were.
func (c *CPU) execDiv(i *Inst) {
	d, ok := c.readRM(i)
	if !ok {
		return
	}
	var hi, lo uint64
	if i.Size == 1 {
		lo = c.GPR[RAX] & 0xffff
	} else {
		lo = c.reg(RAX, i.Size, 0)
		hi = c.reg(RDX, i.Size, 0)
	}
	var q, r uint64
	if i.Op == OpDIV {
		q, r, ok = divide(hi, lo, d, i.Size)
	} else {
		q, r, ok = divideSigned(hi, lo, d, i.Size)
	}
	switch {
	case !ok:
		c.raise(VecDE)
	case i.Size == 1:
		c.setReg(RAX, 2, 0, r&0xff<<8|q&0xff)
	default:
		c.setReg(RAX, i.Size, 0, q)
		c.setReg(RDX, i.Size, 0, r)
	}
	if ok {
		c.setFlags(FlagSF|FlagZF|FlagAF|FlagPF, FlagAF)
	}
}

// divide returns quotient and remainder of hi:lo by d, or ok false.
func divide(hi, lo, d uint64, size uint8) (q, r uint64, ok bool) {
	if d == 0 {
		return 0, 0, false
	}
	if size == 8 {
		if hi >= d {
			return 0, 0, false
		}
		q, r = bits.Div64(hi, lo, d)
		return q, r, true
	}
	if size > 1 {
		lo |= hi << (8 * size)
	}
	q, r = lo/d, lo%d
	return q, r, q <= mask(size)
}

// divideSigned divides magnitudes and restores the signs; the quotient truncates.
func divideSigned(hi, lo, d uint64, size uint8) (q, r uint64, ok bool) {
	switch size {
	case 8:
	case 1:
		lo = signExtend(lo, 2)
		hi = uint64(int64(lo) >> 63)
	default:
		lo = signExtend(lo|hi<<(8*size), 2*size)
		hi = uint64(int64(lo) >> 63)
	}
	negative := int64(hi) < 0
	if negative {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	ds := signExtend(d, size)
	dNegative := int64(ds) < 0
	if dNegative {
		ds = -ds
	}
	if ds == 0 || hi >= ds {
		return 0, 0, false
	}
	q, r = bits.Div64(hi, lo, ds)
	limit := signBit(size) // magnitude of the most negative quotient
	if negative == dNegative {
		limit--
	}
	if q > limit {
		return 0, 0, false
	}
	if negative != dNegative {
		q = -q
	}
	if negative {
		r = -r
	}
	return q, r, true
}
