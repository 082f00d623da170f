package cpu

import "resvirt/hw/softfloat"

// x87Compare executes comparisons. Those named FUCOM take quiet NaNs for
// unordered only; the others for invalid, too.
func (c *CPU) x87Compare(i *Inst) bool {
	f := &c.FPU
	b, full, pops := f.get(i.RM), !f.empty(i.RM), 0
	signal, general := true, false
	switch i.Op {
	case OpFCOM, OpFCOMP:
		if i.Prefix&PrefixMem != 0 {
			var ok bool
			if b, ok = c.loadReal(i); !ok {
				return true
			}
			full = true
		}
	case OpFICOM, OpFICOMP:
		v, ok := c.loadInt(i)
		if !ok {
			return true
		}
		b, full = softfloat.NumberInt(v), true
	case OpFTST:
		b, full = softfloat.Number{}, true
	case OpFUCOM, OpFUCOMP:
		signal = false
	case OpFCOMPP, OpFUCOMPP:
		b, full, signal = f.get(1), !f.empty(1), i.Op == OpFCOMPP
	case OpFCOMI, OpFCOMIP, OpFUCOMI, OpFUCOMIP:
		signal, general = i.Op == OpFCOMI || i.Op == OpFCOMIP, true
	default:
		return false
	}
	switch i.Op {
	case OpFCOMP, OpFICOMP, OpFUCOMP, OpFCOMIP, OpFUCOMIP:
		pops = 1
	case OpFCOMPP, OpFUCOMPP:
		pops = 2
	}
	c.compare87(b, full, signal, general, pops)
	return true
}

// compare87 compares ST(0) with b and puts the outcome into the condition codes
// or the general flags.
func (c *CPU) compare87(b softfloat.Number, full, signal, general bool, pops int) {
	f := &c.FPU
	r := softfloat.Unordered
	c1 := f.FSW & fswC1
	goesOn := true
	if f.empty(0) || !full {
		goesOn = f.stackFault(false)
	} else {
		e := f.env()
		r = e.Compare80(f.get(0), b, signal)
		goesOn = f.record(&e)
		if general { // FCOMI leaves C1 alone
			f.FSW |= c1
		}
	}
	if general {
		c.setRelation(r)
	} else {
		f.setCondition(r)
	}
	for ; goesOn && pops > 0; pops-- {
		f.pop()
	}
}

// setCondition puts a comparison into C3, C2 and C0.
func (f *FPU) setCondition(r softfloat.Relation) {
	f.FSW &^= fswC3 | fswC2 | fswC0
	switch r {
	case softfloat.Less:
		f.FSW |= fswC0
	case softfloat.Equal:
		f.FSW |= fswC3
	case softfloat.Unordered:
		f.FSW |= fswC3 | fswC2 | fswC0
	}
}
