package cpu

import "resvirt/hw/softfloat"

// sse3 executes SSE3: moves that duplicate, and sums across elements.
func (c *CPU) sse3(i *Inst) bool {
	switch i.Op {
	case OpLDDQU:
		c.move128(i, false)
		return true
	case OpMOVDDUP, OpMOVSLDUP, OpMOVSHDUP:
		if b, ok := c.xmmRM(i, true); ok {
			c.FPU.XMM[i.Reg] = duplicate(i.Op, b)
		}
		return true
	case OpADDSUBPS, OpHADDPS, OpHSUBPS, OpADDSUBPD, OpHADDPD, OpHSUBPD:
	default:
		return false
	}
	b, ok := c.xmmRM(i, true)
	if !ok {
		return true
	}
	e := c.sseEnv()
	a := c.FPU.XMM[i.Reg]
	if r := across(&e, i.Op, a, b); c.sseFlags(&e) {
		c.FPU.XMM[i.Reg] = r
	}
	return true
}

func duplicate(o Op, b xmm) xmm {
	switch o {
	case OpMOVDDUP:
		return xmm{b[0], b[0]}
	case OpMOVSLDUP:
		return shufps(b, b, 0b10_10_00_00)
	}
	return shufps(b, b, 0b11_11_01_01)
}

// across computes the alternating and horizontal operations.
func across(e *softfloat.Env, o Op, a, b xmm) xmm {
	first, second := (*softfloat.Env).Add32, (*softfloat.Env).Add32
	switch o {
	case OpADDSUBPD:
		return xmm{e.Sub64(a[0], b[0]), e.Add64(a[1], b[1])}
	case OpHADDPD:
		return xmm{e.Add64(a[0], a[1]), e.Add64(b[0], b[1])}
	case OpHSUBPD:
		return xmm{e.Sub64(a[0], a[1]), e.Sub64(b[0], b[1])}
	case OpHSUBPS:
		first, second = (*softfloat.Env).Sub32, (*softfloat.Env).Sub32
	case OpADDSUBPS:
		first = (*softfloat.Env).Sub32
	}
	if o != OpADDSUBPS { // neighbours become operands of one another
		a, b = shufps(a, b, 0b10_00_10_00), shufps(a, b, 0b11_01_11_01)
	}
	pair := func(x, y uint64) uint64 {
		return uint64(first(e, uint32(x), uint32(y))) | uint64(second(e, uint32(x>>32), uint32(y>>32)))<<32
	}
	return xmm{pair(a[0], b[0]), pair(a[1], b[1])}
}
