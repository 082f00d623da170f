package cpu

import "resvirt/hw/softfloat"

// Bits of the x87 status word (APM vol. 1, 6.2.2). Bits 0 to 5 are exception
// flags in the order of softfloat.Flags, and bits 0 to 5 of the control word
// their masks.
const (
	fswSF  = 1 << 6 // stack fault
	fswES  = 1 << 7 // an unmasked exception is pending
	fswC0  = 1 << 8
	fswC1  = 1 << 9
	fswC2  = 1 << 10
	fswTop = 11 // shift of the stack pointer
	fswC3  = 1 << 14
	fswB   = 1 << 15 // mirrors ES

	fcwInit  = 0x037f
	fcwOne   = 0x0040 // always reads as one
	fcwKnown = 0x1f3f | fcwOne
)

// top is the physical register that ST(0) names.
func (f *FPU) top() uint8 { return uint8(f.FSW>>fswTop) & 7 }

func (f *FPU) setTop(n uint8) { f.FSW = f.FSW&^(7<<fswTop) | uint16(n&7)<<fswTop }

// physical is the register that ST(n) names.
func (f *FPU) physical(n uint8) uint8 { return (f.top() + n) & 7 }

func (f *FPU) empty(n uint8) bool { return f.FTW>>f.physical(n)&1 == 0 }

// free marks ST(n) empty.
func (f *FPU) free(n uint8) { f.FTW &^= 1 << f.physical(n) }

// raw is the content of ST(n) as it lies in the register.
func (f *FPU) raw(n uint8) softfloat.Extended { return softfloat.Extended(f.ST[f.physical(n)]) }

func (f *FPU) get(n uint8) softfloat.Number { return softfloat.Number80(f.raw(n)) }

// set writes ST(n) and marks it full.
func (f *FPU) set(n uint8, v softfloat.Extended) {
	p := f.physical(n)
	f.ST[p] = Float80(v)
	f.FTW |= 1 << p
}

func (f *FPU) push(v softfloat.Extended) {
	f.setTop(f.top() - 1)
	f.set(0, v)
}

func (f *FPU) pop() {
	f.free(0)
	f.setTop(f.top() + 1)
}

func (f *FPU) setControl(v uint16) { f.FCW = v&fcwKnown | fcwOne }

// summarize makes ES and B agree with flags and masks.
func (f *FPU) summarize() {
	f.FSW &^= fswES | fswB
	if f.FSW&^f.FCW&0x3f != 0 {
		f.FSW |= fswES | fswB
	}
}

// reset is FNINIT; the registers keep their contents.
func (f *FPU) reset() {
	f.FCW, f.FSW, f.FTW = fcwInit, 0, 0
	f.Pointers = Pointers{}
}

// env is the arithmetic mode that the control word asks for.
func (f *FPU) env() softfloat.Env {
	precision := [4]uint8{24, 64, 53, 64} // 1 is reserved
	return softfloat.Env{
		X87:       true,
		Round:     softfloat.Rounding(f.FCW >> 10 & 3),
		Precision: precision[f.FCW>>8&3],
		Unmasked:  softfloat.Flags(^f.FCW) & 0x3f,
	}
}

// raise87 records exceptions. It reports whether the result may be written:
// an unmasked exception found before the computation forbids it.
func (f *FPU) raise87(flags softfloat.Flags) bool {
	unmasked := flags & softfloat.Flags(^f.FCW) & 0x3f
	if unmasked&preComputed != 0 {
		flags &= preComputed
	}
	f.FSW |= uint16(flags)
	f.summarize()
	return unmasked&preComputed == 0
}

// record takes over the flags of a computation and C1, which says whether
// rounding increased the magnitude.
func (f *FPU) record(e *softfloat.Env) bool {
	f.FSW &^= fswC1
	if e.Flags&softfloat.Inexact != 0 && e.RoundedUp {
		f.FSW |= fswC1
	}
	return f.raise87(e.Flags)
}

// stackFault raises the stack exception; C1 tells overflow from underflow. It
// reports whether the masked response applies.
func (f *FPU) stackFault(overflow bool) bool {
	f.FSW = f.FSW&^fswC1 | fswSF
	if overflow {
		f.FSW |= fswC1
	}
	return f.raise87(softfloat.Invalid)
}

// x87Ready raises what the control registers ask for, and #MF for an exception
// that an earlier instruction left pending, unless the instruction does not
// wait for it (APM vol. 1, 6.8).
func (c *CPU) x87Ready(i *Inst) bool {
	switch {
	case i.Op == OpFWAIT && c.CR0&(CR0MP|CR0TS) == CR0MP|CR0TS,
		i.Op != OpFWAIT && c.CR0&(CR0EM|CR0TS) != 0:
		c.raise(VecNM)
	case c.FPU.FSW&fswES != 0 && waits(i.Op):
		c.raise(VecMF)
	default:
		return true
	}
	return false
}

func waits(o Op) bool {
	switch o {
	case OpFNCLEX, OpFNINIT, OpFNSTCW, OpFNSTSW, OpFNSTENV, OpFNSAVE:
		return false
	}
	return true
}

// execX87 executes an x87 instruction.
func (c *CPU) execX87(i *Inst) {
	if !c.x87Ready(i) {
		return
	}
	if c.x87Control(i) {
		return
	}
	if !c.x87Data(i) {
		panic("BUG: execX87: nobody executes " + i.Op.String())
	}
	if !c.exc.pending {
		p := &c.FPU.Pointers
		p.FOP, p.FCS, p.FIP = i.Imm2, c.Seg[CS].Sel, c.RIP
		if i.Prefix&PrefixMem != 0 {
			p.FDS, p.FDP = c.Seg[i.Seg].Sel, c.address(i)
		}
	}
}

// x87Data executes what computes or moves values; false means that nobody does.
func (c *CPU) x87Data(i *Inst) bool {
	return c.x87Move(i) || c.x87Arith(i) || c.x87Compare(i) || c.x87Unary(i) || c.x87Function(i)
}
