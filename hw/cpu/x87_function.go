package cpu

import "resvirt/hw/softfloat"

// x87Function executes remainders, scaling and the transcendental functions.
func (c *CPU) x87Function(i *Inst) bool {
	f := &c.FPU
	switch i.Op {
	case OpFPREM, OpFPREM1:
		f.remainder(i.Op == OpFPREM1)
	case OpFXTRACT:
		f.extract()
	case OpFSIN, OpFCOS, OpFSINCOS, OpFPTAN:
		f.trigonometric(i.Op)
	case OpF2XM1:
		f.unary((*softfloat.Env).Exp80)
	case OpFSCALE:
		f.binary(0, (*softfloat.Env).Scale80)
	case OpFYL2X:
		f.binary(1, (*softfloat.Env).Log80)
	case OpFYL2XP1:
		f.binary(1, (*softfloat.Env).Log1p80)
	case OpFPATAN:
		f.binary(1, (*softfloat.Env).Arctan80)
	default:
		return false
	}
	return true
}

// unary replaces ST(0) by a function of it.
func (f *FPU) unary(op func(e *softfloat.Env, a softfloat.Number) softfloat.Extended) {
	if f.empty(0) {
		if f.stackFault(false) {
			f.set(0, softfloat.Indefinite80())
		}
		return
	}
	e := f.env()
	if v := op(&e, f.get(0)); f.record(&e) {
		f.set(0, v)
	}
}

// binary puts a function of ST(0) and ST(1) into ST(to); if that is ST(1), ST(0)
// is popped.
func (f *FPU) binary(to uint8, op op80) {
	v := softfloat.Indefinite80()
	if f.empty(0) || f.empty(1) {
		if !f.stackFault(false) {
			return
		}
	} else {
		e := f.env()
		v = op(&e, f.get(0), f.get(1))
		if !f.record(&e) {
			return
		}
	}
	f.set(to, v)
	if to == 1 {
		f.pop()
	}
}

// remainder is FPREM and FPREM1. C2 tells that the reduction is incomplete;
// otherwise C0, C3 and C1 are the low bits of the quotient.
func (f *FPU) remainder(nearest bool) {
	f.FSW &^= fswC2
	if f.empty(0) || f.empty(1) {
		if f.stackFault(false) {
			f.set(0, softfloat.Indefinite80())
		}
		return
	}
	e := f.env()
	r := e.Rem80(f.get(0), f.get(1), nearest)
	if !f.record(&e) {
		return
	}
	f.set(0, r.Value)
	if !r.Divided {
		return
	}
	f.FSW &^= fswC0 | fswC1 | fswC3
	if !r.Complete {
		f.FSW |= fswC2
		return
	}
	f.FSW |= uint16(r.Quotient>>2&1)<<8 | uint16(r.Quotient>>1&1)<<14 | uint16(r.Quotient&1)<<9
}

// roomForTwo prepares for replacing ST(0) and pushing a second result, or handles the
// faults of the stack. It reports whether there is something to compute from.
func (f *FPU) roomForTwo() bool {
	if !f.empty(0) && f.empty(7) {
		return true
	}
	if f.stackFault(!f.empty(0)) {
		f.set(0, softfloat.Indefinite80())
		f.push(softfloat.Indefinite80())
	}
	return false
}

// extract is FXTRACT.
func (f *FPU) extract() {
	if !f.roomForTwo() {
		return
	}
	e := f.env()
	exponent, significand := e.Extract80(f.get(0))
	if f.record(&e) {
		f.set(0, exponent)
		f.push(significand)
	}
}

// trigonometric is FSIN, FCOS, FSINCOS and FPTAN. C2 tells that the operand is
// out of range, and nothing is done then.
func (f *FPU) trigonometric(o Op) {
	f.FSW &^= fswC2
	two := o == OpFSINCOS || o == OpFPTAN
	if two && !f.roomForTwo() {
		return
	}
	if f.empty(0) {
		if f.stackFault(false) {
			f.set(0, softfloat.Indefinite80())
		}
		return
	}
	e := f.env()
	var first, second softfloat.Extended
	var inRange bool
	switch a := f.get(0); o {
	case OpFPTAN:
		first, inRange = e.Tan80(a)
		if second = first; a.Class() != softfloat.ClassNaN && first != softfloat.Indefinite80() {
			second = softfloat.NumberInt(1).Extended()
		}
	case OpFCOS:
		first, inRange = e.Cos80(a)
	case OpFSIN:
		first, inRange = e.Sin80(a)
	default:
		first, inRange = e.Sin80(a)
		second, _ = e.Cos80(a)
	}
	if !inRange {
		f.FSW = f.FSW&^fswC1 | fswC2
		return
	}
	if !f.record(&e) {
		return
	}
	f.set(0, first)
	if two {
		f.push(second)
	}
}
