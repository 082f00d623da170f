package cpu

import "resvirt/hw/softfloat"

// x87Move executes loads, stores and what else moves values unchanged.
func (c *CPU) x87Move(i *Inst) bool {
	f := &c.FPU
	switch i.Op {
	case OpFNOP:
	case OpFLD:
		c.fld(i)
	case OpFILD:
		if v, ok := c.loadInt(i); ok {
			f.load(softfloat.NumberInt(v).Extended())
		}
	case OpFST, OpFSTP:
		c.fst(i)
	case OpFIST, OpFISTP, OpFISTTP:
		c.fist(i)
	case OpFBLD:
		c.fbld(i)
	case OpFBSTP:
		c.fbstp(i)
	case OpFXCH:
		f.exchange(i.RM)
	case OpFFREE, OpFFREEP:
		f.FSW &^= fswC1
		f.free(i.RM)
		if i.Op == OpFFREEP {
			f.pop()
		}
	case OpFINCSTP:
		f.FSW &^= fswC1
		f.setTop(f.top() + 1)
	case OpFDECSTP:
		f.FSW &^= fswC1
		f.setTop(f.top() - 1)
	case OpFLDCONST:
		f.load(f.constant(i.Sub))
	case OpFCMOV:
		c.fcmov(i)
	default:
		return false
	}
	return true
}

// load pushes a value or raises stack overflow.
func (f *FPU) load(v softfloat.Extended) {
	if !f.empty(7) {
		if f.stackFault(true) {
			f.push(softfloat.Indefinite80())
		}
		return
	}
	f.FSW &^= fswC1
	f.push(v)
}

func (c *CPU) fld(i *Inst) {
	f := &c.FPU
	if i.Prefix&PrefixMem == 0 {
		switch v := f.raw(i.RM); {
		case !f.empty(i.RM):
			f.load(v)
		case f.stackFault(false): // even if there is no room either
			f.push(softfloat.Indefinite80())
		}
		return
	}
	if i.Size == 10 {
		if v, ok := c.load80(i.Seg, c.address(i)); ok {
			f.load(v)
		}
		return
	}
	v, ok := c.loadReal(i)
	if !ok {
		return
	}
	if !f.empty(7) {
		f.load(softfloat.Extended{})
		return
	}
	e := f.env()
	x := e.Load80(v)
	// Every denormal has a normal form here, so that it is pushed even if the
	// exception is not masked.
	if f.record(&e) || e.Flags&e.Unmasked == softfloat.Denormal {
		f.load(x)
	}
}

// loadReal reads a memory operand of single or double precision.
func (c *CPU) loadReal(i *Inst) (v softfloat.Number, ok bool) {
	raw, ok := c.loadN(i.Seg, c.address(i), int(i.Size))
	if i.Size == 4 {
		return softfloat.Number32(uint32(raw)), ok
	}
	return softfloat.Number64(raw), ok
}

// load80 and store80 move an extended value as it is. The caller of store80
// has checked that the store succeeds.
func (c *CPU) load80(seg uint8, off uint64) (v softfloat.Extended, ok bool) {
	if !c.probeRead(seg, off, 10) {
		return v, false
	}
	return c.read80(seg, off), true
}

// read80 is load80 of what is known to be readable.
func (c *CPU) read80(seg uint8, off uint64) softfloat.Extended {
	mant, _ := c.loadPlain(seg, off)
	exp, _ := c.loadN(seg, off+8, 2)
	return softfloat.Extended{Mant: mant, Exp: uint16(exp)}
}

func (c *CPU) store80(seg uint8, off uint64, v softfloat.Extended) {
	c.storePlain(seg, off, v.Mant)
	c.storeN(seg, off+8, 2, uint64(v.Exp))
}

// loadInt reads a signed integer of 2, 4 or 8 bytes.
func (c *CPU) loadInt(i *Inst) (int64, bool) {
	raw, ok := c.loadN(i.Seg, c.address(i), int(i.Size))
	shift := 64 - 8*uint(i.Size)
	return int64(raw<<shift) >> shift, ok
}

// fst is FST and FSTP. A store to memory checks for write access first: the
// exceptions of a value that could not be stored would be wrong.
func (c *CPU) fst(i *Inst) {
	f := &c.FPU
	mem := i.Prefix&PrefixMem != 0
	off := uint64(0)
	if mem {
		off = c.address(i)
		if !c.probeWrite(i.Seg, off, int(i.Size)) {
			return
		}
	}
	v := f.raw(0)
	f.FSW &^= fswC1
	empty := f.empty(0)
	if empty && i.Sub == 0 {
		if !f.stackFault(false) {
			return
		}
		v = softfloat.Indefinite80()
	}
	switch {
	case empty && i.Sub == 1: // the alias D9/3 (FSTPNCE) only pops then
	case !mem:
		f.set(i.RM, v)
	case i.Size == 10:
		c.store80(i.Seg, off, v)
	default:
		if !c.storeReal(i, off, softfloat.Number80(v)) {
			return
		}
	}
	if i.Op == OpFSTP {
		f.pop()
	}
}

// storeReal narrows to 4 or 8 bytes. Unmasked overflow and underflow store
// nothing either when the destination is memory (APM vol. 1, 6.8.2).
func (c *CPU) storeReal(i *Inst, off uint64, v softfloat.Number) bool {
	e := c.FPU.env()
	var raw uint64
	if i.Size == 4 {
		raw = uint64(e.To32(v))
	} else {
		raw = e.To64(v)
	}
	if e.Flags&e.Unmasked&(softfloat.Overflow|softfloat.Underflow) != 0 {
		e.Flags &^= softfloat.Inexact
		c.FPU.record(&e)
		return false
	}
	if !c.FPU.record(&e) {
		return false
	}
	return c.storeN(i.Seg, off, int(i.Size), raw)
}

// fist is FIST, FISTP and FISTTP, which cuts off.
func (c *CPU) fist(i *Inst) {
	f := &c.FPU
	off := c.address(i)
	if !c.probeWrite(i.Seg, off, int(i.Size)) {
		return
	}
	width := 8 * uint(i.Size)
	v := int64(-1) << (width - 1)
	if f.empty(0) {
		if !f.stackFault(false) {
			return
		}
	} else {
		e := f.env()
		mode := e.Round
		if i.Op == OpFISTTP {
			mode = softfloat.Zero
		}
		v, _ = e.ToInt80(f.get(0), width, mode)
		if !f.record(&e) {
			return
		}
	}
	c.storeN(i.Seg, off, int(i.Size), uint64(v))
	if i.Op != OpFIST {
		f.pop()
	}
}

// exchange is FXCH. Masked underflow makes an empty register indefinite first.
func (f *FPU) exchange(n uint8) {
	f.FSW &^= fswC1
	if f.empty(0) || f.empty(n) {
		if !f.stackFault(false) {
			return
		}
		for _, k := range [2]uint8{0, n} {
			if f.empty(k) {
				f.set(k, softfloat.Indefinite80())
			}
		}
	}
	a, b := f.physical(0), f.physical(n)
	f.ST[a], f.ST[b] = f.ST[b], f.ST[a]
}

// fcmov copies ST(i) to ST(0) under a condition of the general flags; Sub
// counts conditions as Jcc does.
func (c *CPU) fcmov(i *Inst) {
	f := &c.FPU
	switch {
	case f.empty(0) || f.empty(i.RM):
		if f.stackFault(false) {
			f.set(0, softfloat.Indefinite80())
		}
	case c.condition(i.Sub):
		f.set(0, f.raw(i.RM))
	}
}

// constant is what FLD1 to FLDZ load. The irrational ones are held with more
// bits than fit and rounded as the control word says (APM vol. 1, 6.4.8).
func (f *FPU) constant(n uint8) softfloat.Extended {
	type pair struct {
		down softfloat.Extended
		near uint64 // added by round-to-nearest
	}
	rows := [7]pair{
		{softfloat.Extended{Mant: 0x8000000000000000, Exp: 0x3fff}, 0}, // 1
		{softfloat.Extended{Mant: 0xd49a784bcd1b8afe, Exp: 0x4000}, 0}, // log2 10
		{softfloat.Extended{Mant: 0xb8aa3b295c17f0bb, Exp: 0x3fff}, 1}, // log2 e
		{softfloat.Extended{Mant: 0xc90fdaa22168c234, Exp: 0x4000}, 1}, // pi
		{softfloat.Extended{Mant: 0x9a209a84fbcff798, Exp: 0x3ffd}, 1}, // log10 2
		{softfloat.Extended{Mant: 0xb17217f7d1cf79ab, Exp: 0x3ffe}, 1}, // ln 2
		{softfloat.Extended{}, 0},                                      // 0
	}
	x := rows[n].down
	exact := n == 0 || n == 6
	switch softfloat.Rounding(f.FCW >> 10 & 3) {
	case softfloat.Nearest:
		x.Mant += rows[n].near
	case softfloat.Up:
		if !exact {
			x.Mant++
		}
	}
	return x
}
