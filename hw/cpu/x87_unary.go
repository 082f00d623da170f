package cpu

import "resvirt/hw/softfloat"

// x87Unary executes what works on ST(0) alone.
func (c *CPU) x87Unary(i *Inst) bool {
	f := &c.FPU
	var op func(e *softfloat.Env, a softfloat.Number) softfloat.Extended
	switch i.Op {
	case OpFXAM:
		f.examine()
		return true
	case OpFCHS, OpFABS:
		op = func(*softfloat.Env, softfloat.Number) softfloat.Extended { return signChanged(i.Op, f.raw(0)) }
	case OpFSQRT:
		op = (*softfloat.Env).Sqrt80
	case OpFRNDINT:
		op = (*softfloat.Env).Round80
	default:
		return false
	}
	f.unary(op)
	return true
}

// signChanged is FCHS and FABS, which accept any encoding.
func signChanged(o Op, v softfloat.Extended) softfloat.Extended {
	if o == OpFCHS {
		v.Exp ^= 0x8000
	} else {
		v.Exp &^= 0x8000
	}
	return v
}

// examine is FXAM: C3, C2, C0 classify ST(0) and C1 is its sign.
func (f *FPU) examine() {
	class := f.get(0).Class()
	if f.empty(0) {
		class = softfloat.ClassEmpty
	}
	f.FSW &^= fswC3 | fswC2 | fswC1 | fswC0
	f.FSW |= uint16(class&1)<<8 | uint16(class>>1&1)<<10 | uint16(class>>2)<<14
	f.FSW |= f.ST[f.top()].Exp >> 15 << 9
}
