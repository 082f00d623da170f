package cpu

import "resvirt/hw/softfloat"

// xmm is the value of an XMM register: low and high half.
type xmm = [2]uint64

// Bits of MXCSR (APM vol. 1, 4.2.2). The exception flags are bits 0 to 5 and
// their masks bits 7 to 12, in the order of softfloat.Flags.
const (
	mxcsrDAZ    = 1 << 6
	mxcsrMasks  = 7 // shift
	mxcsrRC     = 13
	mxcsrFTZ    = 1 << 15
	mxcsrMask   = 0xffff // what FXSAVE reports: the writable bits
	preComputed = softfloat.Invalid | softfloat.Denormal | softfloat.DivByZero
)

// execSSE executes an SSE or SSE2 instruction.
func (c *CPU) execSSE(i *Inst) {
	switch i.Op {
	case OpFXSAVE:
		c.fxsave(i)
		return
	case OpFXRSTOR:
		c.fxrstor(i)
		return
	case OpXSAVE, OpXSAVEOPT, OpXSAVEC:
		c.xsave(i)
		return
	case OpXRSTOR:
		c.xrstor(i)
		return
	}
	if i.Sub == subMMX || i.Op == OpEMMS {
		c.execMMX(i)
		return
	}
	if !c.sseReady() {
		return
	}
	switch {
	case c.sseMove(i), c.sseLogic(i), c.sseFloat(i), c.sseConvert(i), c.sseInteger(i):
	case c.sseShuffle(i), c.sseShift(i), c.sseMisc(i):
	case c.sse3(i), c.sse41(i), c.sse41Float(i), c.sseCrypto(i):
	default:
		panic("BUG: execSSE: nobody executes " + i.Op.String())
	}
}

// sseReady raises what the control registers ask for (APM vol. 2, 8.2.8 and
// the exception tables of vol. 4): #UD without OS support, #NM with TS set.
func (c *CPU) sseReady() bool {
	switch {
	case c.CR0&CR0EM != 0 || c.CR4&CR4OSFXSR == 0:
		c.raise(VecUD)
	case c.CR0&CR0TS != 0:
		c.raise(VecNM)
	default:
		return true
	}
	return false
}

// xmmRM reads the rm operand: a register, or Size bytes of memory zero-extended.
// Memory of 16 bytes must be aligned unless the instruction says otherwise.
func (c *CPU) xmmRM(i *Inst, aligned bool) (v xmm, ok bool) {
	if i.Prefix&PrefixMem == 0 {
		return c.FPU.XMM[i.RM], true
	}
	off := c.address(i)
	switch i.Size {
	case 16:
		v[0], v[1], ok = c.load128(i.Seg, off, aligned)
	default:
		v[0], ok = c.loadN(i.Seg, off, int(i.Size))
	}
	return v, ok
}

// sseEnv is the arithmetic mode that MXCSR asks for.
func (c *CPU) sseEnv() softfloat.Env {
	m := c.FPU.MXCSR
	return softfloat.Env{
		Round:    softfloat.Rounding(m >> mxcsrRC & 3),
		FTZ:      m&mxcsrFTZ != 0,
		DAZ:      m&mxcsrDAZ != 0,
		Unmasked: softfloat.Flags(^m>>mxcsrMasks) & 0x3f,
	}
}

// sseFlags records the exceptions of an instruction and reports whether its
// result may be written. With an unmasked exception before the computation in
// any element, those after it are not detected (APM vol. 1, 4.10.4).
func (c *CPU) sseFlags(e *softfloat.Env) bool {
	raised := e.Flags
	if raised&e.Unmasked&preComputed != 0 {
		raised &= preComputed
	}
	c.FPU.MXCSR |= uint32(raised)
	switch {
	case raised&e.Unmasked == 0:
		return true
	case c.CR4&CR4OSXMMEXCPT == 0:
		c.raise(VecUD)
	default:
		c.raise(VecXF)
	}
	return false
}
