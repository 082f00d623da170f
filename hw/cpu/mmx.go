package cpu

import "resvirt/hw/softfloat"

// MMX registers are the significands of the physical x87 registers. An
// instruction that touches them makes all of those valid and the top zero (APM
// vol. 1, 5.9).

// execMMX executes an instruction with operands in MMX registers.
func (c *CPU) execMMX(i *Inst) {
	if !c.mmxReady(i) {
		return
	}
	f := &c.FPU
	if i.Op == OpEMMS {
		f.FTW = 0
		f.setTop(0)
		return
	}
	switch {
	case c.mmxMove(i), c.mmxData(i), c.mmxConvert(i):
	default:
		panic("BUG: execMMX: nobody executes " + i.Op.String())
	}
	enters := !c.exc.pending
	switch i.Op {
	case OpCVTPI2PS, OpCVTPI2PD:
		enters = !mmxIsMemory(i)
	case OpCVTPS2PI, OpCVTTPS2PI, OpCVTPD2PI, OpCVTTPD2PI: // as Zen does
		enters = enters || c.exc.vector == VecXF
	case OpMASKMOVQ:
		enters = true // as Zen does even where the store faults
	}
	if enters {
		f.FTW = 0xff
		f.setTop(0)
	}
}

// mmxReady raises the exceptions that come before any work (APM vol. 5, the
// exception tables).
func (c *CPU) mmxReady(i *Inst) bool {
	mixed := false                  // also an SSE instruction
	pending := c.FPU.FSW&fswES != 0 // an exception of x87
	switch i.Op {
	case OpCVTPI2PS, OpCVTPI2PD, OpCVTPS2PI, OpCVTTPS2PI, OpCVTPD2PI, OpCVTTPD2PI, OpMOVQ2DQ, OpMOVDQ2Q:
		mixed = true
		pending = pending && !mmxIsMemory(i)
	}
	switch {
	case c.CR0&CR0EM != 0 || mixed && c.CR4&CR4OSFXSR == 0:
		c.raise(VecUD)
	case c.CR0&CR0TS != 0:
		c.raise(VecNM)
	case pending:
		c.raise(VecMF)
	default:
		return true
	}
	return false
}

// mmxIsMemory tells that the MMX operand of an instruction lies in memory, so
// that it touches no MMX register.
func mmxIsMemory(i *Inst) bool {
	return (i.Op == OpCVTPI2PS || i.Op == OpCVTPI2PD) && i.Prefix&PrefixMem != 0
}

func (f *FPU) mmx(n uint8) uint64 { return f.ST[n].Mant }

// setMMX writes a register; sign and exponent become ones.
func (f *FPU) setMMX(n uint8, v uint64) { f.ST[n] = Float80{v, 0xffff} }

// mmxRM reads the rm operand, Size bytes of it where it is memory.
func (c *CPU) mmxRM(i *Inst) (v uint64, ok bool) {
	if i.Prefix&PrefixMem != 0 {
		return c.loadN(i.Seg, c.address(i), int(i.Size))
	}
	return c.FPU.mmx(i.RM), true
}

// mmxMove executes moves to and from MMX registers.
func (c *CPU) mmxMove(i *Inst) bool {
	f := &c.FPU
	switch i.Op {
	case OpMOVD:
		if i.Form == FormRMReg {
			c.writeRM(i, f.mmx(i.Reg))
		} else if v, ok := c.readRM(i); ok {
			f.setMMX(i.Reg, v)
		}
	case OpMOVQ, OpMOVNTQ:
		switch {
		case i.Form != FormRMReg:
			if v, ok := c.mmxRM(i); ok {
				f.setMMX(i.Reg, v)
			}
		case i.Prefix&PrefixMem != 0:
			c.storeN(i.Seg, c.address(i), 8, f.mmx(i.Reg))
		default:
			f.setMMX(i.RM, f.mmx(i.Reg))
		}
	case OpMOVQ2DQ:
		f.XMM[i.Reg] = xmm{f.mmx(i.RM), 0}
	case OpMOVDQ2Q:
		f.setMMX(i.Reg, f.XMM[i.RM][0])
	case OpPMOVMSKB:
		c.GPR[i.Reg] = moveMask8(f.mmx(i.RM))
	case OpPEXTRW:
		c.GPR[i.Reg] = f.mmx(i.RM) >> (16 * (i.Imm & 3)) & 0xffff
	case OpPINSRW:
		if v, ok := c.readRM(i); ok {
			shift := 16 * (i.Imm & 3)
			f.setMMX(i.Reg, f.mmx(i.Reg)&^(0xffff<<shift)|v<<shift)
		}
	case OpMASKMOVQ:
		c.maskedStore(i, xmm{f.mmx(i.Reg)}, xmm{f.mmx(i.RM)}, 8)
	default:
		return false
	}
	return true
}

// mmxData executes what computes within MMX registers.
func (c *CPU) mmxData(i *Inst) bool {
	f := &c.FPU
	if shift := shifts[i.Op]; shift != nil {
		if i.Form == FormRMImm {
			f.setMMX(i.RM, shift(f.mmx(i.RM), i.Imm&0xff))
		} else if n, ok := c.mmxRM(i); ok {
			f.setMMX(i.Reg, shift(f.mmx(i.Reg), n))
		}
		return true
	}
	op := mmxOp(i.Op, uint8(i.Imm))
	if op == nil {
		return false
	}
	if b, ok := c.mmxRM(i); ok {
		f.setMMX(i.Reg, op(f.mmx(i.Reg), b))
	}
	return true
}

// mmxOp returns the operation on one register and another, or nil.
func mmxOp(o Op, imm uint8) laneOp {
	half := func(high bool, width uint) laneOp {
		return func(a, b uint64) uint64 {
			lo, hi := interleave(a, b, width)
			if high {
				return hi
			}
			return lo
		}
	}
	switch o {
	case OpPAND:
		return func(a, b uint64) uint64 { return a & b }
	case OpPANDN:
		return func(a, b uint64) uint64 { return b &^ a }
	case OpPOR:
		return func(a, b uint64) uint64 { return a | b }
	case OpPXOR:
		return func(a, b uint64) uint64 { return a ^ b }
	case OpPUNPCKLBW, OpPUNPCKHBW:
		return half(o == OpPUNPCKHBW, 8)
	case OpPUNPCKLWD, OpPUNPCKHWD:
		return half(o == OpPUNPCKHWD, 16)
	case OpPUNPCKLDQ, OpPUNPCKHDQ:
		return half(o == OpPUNPCKHDQ, 32)
	case OpPSHUFW:
		return func(_, b uint64) uint64 { return shuffleWords(b, imm) }
	case OpPSHUFB:
		return func(a, b uint64) uint64 { return shuffleBytes(xmm{a}, b, 7) }
	case OpPALIGNR:
		return func(a, b uint64) uint64 { return shiftBytes(xmm{b, a}, false, uint64(imm))[0] }
	}
	if f := packOf(o); f != nil {
		return f
	}
	return laneOps[o]
}

// mmxConvert executes conversions between two integers and floating point.
func (c *CPU) mmxConvert(i *Inst) bool {
	e := c.sseEnv()
	f := &c.FPU
	mode := e.Round
	switch i.Op {
	case OpCVTPI2PS, OpCVTPI2PD:
		v, ok := c.mmxRM(i)
		if !ok {
			return true
		}
		r := xmm{e.FromInt64(int64(int32(v))), e.FromInt64(int64(v) >> 32)}
		if i.Op == OpCVTPI2PS {
			e.Flags = 0
			r = xmm{uint64(e.FromInt32(int64(int32(v)))) | uint64(e.FromInt32(int64(v)>>32))<<32, f.XMM[i.Reg][1]}
		}
		if c.sseFlags(&e) {
			f.XMM[i.Reg] = r
		}
		return true
	case OpCVTTPS2PI, OpCVTTPD2PI:
		mode = softfloat.Zero
	case OpCVTPS2PI, OpCVTPD2PI:
	default:
		return false
	}
	v, ok := c.xmmRM(i, true)
	if !ok {
		return true
	}
	var lo, hi int64
	if i.Op == OpCVTPS2PI || i.Op == OpCVTTPS2PI {
		lo, _ = e.ToInt32(uint32(v[0]), 32, mode)
		hi, _ = e.ToInt32(uint32(v[0]>>32), 32, mode)
	} else {
		lo, _ = e.ToInt64(v[0], 32, mode)
		hi, _ = e.ToInt64(v[1], 32, mode)
	}
	if c.sseFlags(&e) {
		f.setMMX(i.Reg, uint64(uint32(lo))|uint64(hi)<<32)
	}
	return true
}
