package cpu

import "resvirt/hw/softfloat"

// sse41Float executes rounding and dot products.
func (c *CPU) sse41Float(i *Inst) bool {
	mode := softfloat.Rounding(i.Imm & 3)
	if i.Imm&4 != 0 {
		mode = softfloat.Rounding(c.FPU.MXCSR >> mxcsrRC & 3)
	}
	quiet := i.Imm&8 != 0
	switch i.Op {
	case OpROUNDPS, OpROUNDSS:
		c.singles(i, func(e *softfloat.Env, _, b uint32) uint32 { return e.Round32(b, mode, quiet) })
	case OpROUNDPD, OpROUNDSD:
		c.doubles(i, func(e *softfloat.Env, _, b uint64) uint64 { return e.Round64(b, mode, quiet) })
	case OpDPPS, OpDPPD:
		b, ok := c.xmmRM(i, true)
		if !ok {
			return true
		}
		e := c.sseEnv()
		dot := dotSingles
		if i.Op == OpDPPD {
			dot = dotDoubles
		}
		if r := dot(&e, c.FPU.XMM[i.Reg], b, i.Imm); c.sseFlags(&e) {
			c.FPU.XMM[i.Reg] = r
		}
	default:
		return false
	}
	return true
}

// dotSingles multiplies the elements that the high bits of imm choose, adds
// neighbours first, and puts the sum where the low bits say.
func dotSingles(e *softfloat.Env, a, b xmm, imm uint64) xmm {
	var p [4]uint32
	for k := range uint8(4) {
		if imm>>(4+k)&1 != 0 {
			p[k] = e.Mul32(uint32(element(a, k)), uint32(element(b, k)))
		}
	}
	low, high := e.Add32(p[0], p[1]), e.Add32(p[2], p[3])
	sum := uint64(e.Add32(low, high))
	sum |= sum << 32
	return blend(xmm{}, xmm{sum, sum}, spread(imm&15, 4))
}

func dotDoubles(e *softfloat.Env, a, b xmm, imm uint64) xmm {
	var p xmm
	for k := range 2 {
		if imm>>(4+k)&1 != 0 {
			p[k] = e.Mul64(a[k], b[k])
		}
	}
	sum := e.Add64(p[0], p[1])
	return blend(xmm{}, xmm{sum, sum}, spread(imm&3, 8))
}
