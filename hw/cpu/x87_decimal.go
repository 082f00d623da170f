package cpu

import "resvirt/hw/softfloat"

// fbld is FBLD: a packed decimal of ten bytes.
func (c *CPU) fbld(i *Inst) {
	if v, ok := c.load80(i.Seg, c.address(i)); ok {
		c.FPU.load(softfloat.NumberDecimal(v.Mant, v.Exp).Extended())
	}
}

// fbstp is FBSTP.
func (c *CPU) fbstp(i *Inst) {
	f := &c.FPU
	off := c.address(i)
	if !c.probeWrite(i.Seg, off, 10) {
		return
	}
	e := f.env()
	digits, top := e.ToDecimal80(softfloat.Number80(softfloat.Indefinite80()))
	if f.empty(0) {
		if !f.stackFault(false) {
			return
		}
	} else {
		e.Flags = 0
		digits, top = e.ToDecimal80(f.get(0))
		if !f.record(&e) {
			return
		}
	}
	c.store80(i.Seg, off, softfloat.Extended{Mant: digits, Exp: top})
	f.pop()
}
