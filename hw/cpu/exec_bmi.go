package cpu

import "math/bits"

// isVEX tells whether an Op has VEX encodings alone.
func (o Op) isVEX() bool {
	switch o {
	case OpANDN, OpBEXTR, OpBLSI, OpBLSMSK, OpBLSR, OpBZHI, OpMULX, OpPDEP, OpPEXT, OpRORX, OpSARX, OpSHLX, OpSHRX:
		return true
	}
	return false
}

// execBMI executes BMI1 and BMI2, which real mode does not have (APM vol. 3,
// 2.5). Undefined flags are cleared.
func (c *CPU) execBMI(i *Inst) {
	if !c.protected() {
		c.raise(VecUD)
		return
	}
	v, ok := c.readRM(i)
	if !ok {
		return
	}
	b := c.reg(i.Vvvv, i.Size, 0)
	switch i.Op {
	case OpANDN:
		c.bmiResult(i, i.Reg, v&^b, 0)
	case OpBLSI:
		c.bmiResult(i, i.Vvvv, v&-v, flagIf(v != 0, FlagCF))
	case OpBLSMSK:
		c.bmiResult(i, i.Vvvv, v^(v-1), flagIf(v == 0, FlagCF))
	case OpBLSR:
		c.bmiResult(i, i.Vvvv, v&(v-1), flagIf(v == 0, FlagCF))
	case OpBZHI:
		n := b & 0xff
		c.bmiResult(i, i.Reg, v&(1<<n-1), flagIf(n >= 8*uint64(i.Size), FlagCF))
	case OpBEXTR:
		r := v >> (b & 0xff) & (1<<(b>>8&0xff) - 1)
		c.setReg(i.Reg, i.Size, 0, r)
		c.setFlags(FlagsStatus, flagIf(r == 0, FlagZF))
	default:
		c.execBMI2(i, v, b)
	}
}

// bmiResult writes a result with SF and ZF from it.
func (c *CPU) bmiResult(i *Inst, to uint8, r, carry uint64) {
	r &= mask(i.Size)
	c.setReg(to, i.Size, 0, r)
	c.setFlags(FlagsStatus, resultFlags(r, i.Size)&(FlagSF|FlagZF)|carry)
}

// execBMI2 executes those that do not touch flags.
func (c *CPU) execBMI2(i *Inst, v, b uint64) {
	width := 8 * uint(i.Size)
	n := uint(b) & (width - 1)
	r := uint64(0)
	switch i.Op {
	case OpSHLX:
		r = v << n
	case OpSHRX:
		r = v >> n
	case OpSARX:
		r = uint64(int64(signExtend(v, i.Size)) >> n)
	case OpRORX:
		n = uint(i.Imm) & (width - 1)
		r = v>>n | v<<(width-n)
	case OpPDEP:
		r = deposit(b, v)
	case OpPEXT:
		r = extract(b, v)
	case OpMULX:
		hi, lo := bits.Mul64(v, c.reg(RDX, i.Size, 0))
		if i.Size == 4 {
			hi = lo >> 32
		}
		c.setReg(i.Vvvv, i.Size, 0, lo)
		r = hi
	}
	c.setReg(i.Reg, i.Size, 0, r)
}

// deposit spreads the low bits of v over the ones of mask (PDEP).
func deposit(v, mask uint64) (r uint64) {
	for ; mask != 0; mask &= mask - 1 {
		if v&1 != 0 {
			r |= mask & -mask
		}
		v >>= 1
	}
	return r
}

// extract gathers the bits of v under the ones of mask (PEXT).
func extract(v, mask uint64) (r uint64) {
	for k := 0; mask != 0; mask &= mask - 1 {
		r |= v >> bits.TrailingZeros64(mask) & 1 << k
		k++
	}
	return r
}
