package cpu

import "resvirt/hw/softfloat"

// x87Arith executes addition to division in all their forms.
func (c *CPU) x87Arith(i *Inst) bool {
	f, reversed := arith80(i.Op)
	if f == nil {
		return false
	}
	s := &c.FPU
	b, full := softfloat.Number{}, true
	switch i.Op {
	case OpFIADD, OpFIMUL, OpFISUB, OpFISUBR, OpFIDIV, OpFIDIVR:
		v, ok := c.loadInt(i)
		if !ok {
			return true
		}
		b = softfloat.NumberInt(v)
	default:
		if i.Prefix&PrefixMem == 0 {
			b, full = s.get(i.RM), !s.empty(i.RM)
			break
		}
		var ok bool
		if b, ok = c.loadReal(i); !ok {
			return true
		}
	}
	to := uint8(0)
	a := s.get(0)
	if i.Sub == 1 { // ST(i) is the destination and the first operand
		to, a, b = i.RM, b, a
	}
	if reversed {
		a, b = b, a
	}
	if s.arith(f, to, a, b, full) && popsAfter(i.Op) {
		s.pop()
	}
	return true
}

type op80 = func(e *softfloat.Env, a, b softfloat.Number) softfloat.Extended

// arith stores f(a, b) into ST(to); full is false when the operand beside
// ST(0) is an empty register. It reports whether a pop may follow.
func (f *FPU) arith(op op80, to uint8, a, b softfloat.Number, full bool) bool {
	if f.empty(0) || !full {
		if !f.stackFault(false) {
			return false
		}
		f.set(to, softfloat.Indefinite80())
		return true
	}
	e := f.env()
	v := op(&e, a, b)
	if !f.record(&e) {
		return false
	}
	f.set(to, v)
	return true
}

// arith80 returns the operation of an Op and whether its operands change places.
func arith80(o Op) (f op80, reversed bool) {
	switch o {
	case OpFADD, OpFADDP, OpFIADD:
		return (*softfloat.Env).Add80, false
	case OpFMUL, OpFMULP, OpFIMUL:
		return (*softfloat.Env).Mul80, false
	case OpFSUB, OpFSUBP, OpFISUB:
		return (*softfloat.Env).Sub80, false
	case OpFSUBR, OpFSUBRP, OpFISUBR:
		return (*softfloat.Env).Sub80, true
	case OpFDIV, OpFDIVP, OpFIDIV:
		return (*softfloat.Env).Div80, false
	case OpFDIVR, OpFDIVRP, OpFIDIVR:
		return (*softfloat.Env).Div80, true
	}
	return nil, false
}

func popsAfter(o Op) bool {
	switch o {
	case OpFADDP, OpFMULP, OpFSUBP, OpFSUBRP, OpFDIVP, OpFDIVRP:
		return true
	}
	return false
}
