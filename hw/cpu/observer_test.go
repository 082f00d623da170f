package cpu

import (
	"fmt"
	"testing"
)

// An observer knows some of what the manuals say of an instruction, as a relation
// of the states before and after it, and nothing of how the processor gets from
// one to the other. Engines that err alike, which comparing them cannot show, do
// not pass it.

// moment is what an observer needs of the state before an instruction.
type moment struct {
	inst       Inst
	code       [MaxLen]byte
	gpr        [16]uint64
	rip, flags uint64
	retired    uint64
	ss, cs     Segment
	cpl        uint8
	long       bool // 64-bit mode
	btf        bool
	dr6, fmask uint64
	longActive bool
	fpu        FPU
	image      uint64 // physical address of an image of FXSAVE, and its pointers
	pointers   [2]uint64
}

// stepObserved is Step, observed.
func stepObserved(t testing.TB, c *CPU) {
	t.Helper()
	m, ok := look(c)
	c.exc = exception{}
	c.Step()
	if !ok || c.Stop.Kind != StopNone || c.Retired != m.retired+1 || c.exc.vector != 0 && c.exc.vector != VecDB {
		return // it did not complete, or what followed it did not
	}
	for _, rule := range []func(*moment, *CPU) string{(*moment).stepping, (*moment).stackPointer, (*moment).denormal, (*moment).remembers} {
		if bad := rule(&m, c); bad != "" {
			t.Fatalf("% x %v in %d-bit code at %#x, flags %#x: %s", m.code[:m.inst.Len], m.inst.Op, 16<<c.mode(), m.rip, m.flags, bad)
		}
	}
}

// look decodes what is next without touching anything.
func look(c *CPU) (m moment, ok bool) {
	va := c.RIP
	if !c.mode64() {
		va = (va + c.Seg[CS].Base) & 0xffffffff
	}
	have := 0
	for ; have < MaxLen; have++ {
		pa, ok := glance(c, va+uint64(have))
		if !ok || c.Mem.Overlaid(pa>>12) {
			break
		}
		m.code[have] = c.Mem.Read8(pa)
	}
	i, st := Decode(m.code[:have], c.mode())
	if st != DecodeOK {
		return m, false
	}
	m.inst, m.gpr, m.rip, m.flags, m.retired = i, c.GPR, c.RIP, c.RFLAGS, c.Retired
	m.ss, m.cs, m.cpl, m.fpu = c.Seg[SS], c.Seg[CS], c.CPL, c.FPU
	m.long, m.longActive = c.mode64(), c.longActive()
	m.btf, m.dr6, m.fmask = c.MSR.DebugCtl&debugBTF != 0, c.DR[6], c.MSR.FMASK
	if i.Op == OpFXSAVE {
		c.next = c.RIP + uint64(i.Len)
		if m.image, ok = glance(c, c.address(&i)); ok && i.Seg < FS {
			m.pointers = [2]uint64{c.Mem.Read64(m.image + fxFIP), c.Mem.Read64(m.image + fxFDP)}
		}
	}
	return m, true
}

// glance translates as the processor would, without a trace.
func glance(c *CPU, va uint64) (uint64, bool) {
	if c.CR0&CR0PG != 0 {
		if e := c.TLB.lookup(va, c.pcid()); e != nil {
			return e.PTE&pteAddr | va&0xfff, true
		}
	}
	pa, ok := c.Translate(va)
	return pa, ok && pa < 1<<30
}

// stepping checks when single-stepping traps (APM vol. 2, 13.1.4).
func (m *moment) stepping(c *CPU) string {
	want := m.flags&FlagTF != 0
	switch m.inst.Op {
	case OpSYSRET:
		if m.longActive {
			want = m.gpr[R11]&FlagTF != 0
		}
	case OpSYSCALL:
		want = want && !(m.longActive && m.fmask&FlagTF != 0)
	case OpINT, OpINT3, OpINT1:
		want = false
	case OpINTO:
		want = want && m.flags&FlagOF == 0
	case OpPOPSEG:
		want = want && m.inst.Sub != SS
	case OpMOVTOSEG:
		want = want && m.inst.Reg != SS
	case OpWRMSR, OpMOVTODR: // may change what is looked at here
		return ""
	}
	if got := c.DR[6]&DR6BS != 0; m.dr6&DR6BS == 0 && !m.btf && got != want {
		return fmt.Sprintf("single-step trap %v, want %v", got, want)
	}
	return ""
}

// quiet tells whether no trap followed, so that the registers are those that the
// instruction left.
func (m *moment) quiet(c *CPU) bool { return c.exc.vector == 0 && c.CPL == m.cpl }

// stackPointer checks where the stack is after POP SS, ENTER and far calls, and what
// REX.W means to far pointers and ports.
func (m *moment) stackPointer(c *CPU) string {
	mask, size := m.ss.stackMask(), uint64(m.inst.Size)
	if m.long {
		mask = ^uint64(0)
	}
	down := func(n uint64) uint64 {
		sp := (m.gpr[RSP] - n) & mask
		if mask == 0xffff {
			sp |= m.gpr[RSP] &^ mask
		}
		return sp
	}
	var sp uint64
	bp := c.GPR[RBP]
	switch {
	case !m.quiet(c):
		return ""
	case m.inst.Op == OpPOPSEG:
		sp = down(-size)
	case m.inst.Op == OpCALLFAR && m.inst.Prefix&PrefixREXW != 0:
		sp = down(16)
	case m.inst.Op == OpENTER:
		level := uint64(m.inst.Imm2 & 31)
		sp = down(size*(1+level) + m.inst.Imm)
		bp = down(size)
		if size == 2 {
			bp = m.gpr[RBP]&^0xffff | bp&0xffff
		} else if size == 4 {
			bp &= 0xffffffff
		}
	case m.inst.Op == OpLOADFAR && m.inst.Prefix&PrefixREXW != 0 && c.GPR[m.inst.Reg]>>32 != 0:
		return "a far pointer has an offset of at most 32 bits"
	case m.inst.Op == OpOUTS && m.inst.Prefix&(PrefixREXW|PrefixRep|PrefixRepne) == PrefixREXW && m.inst.Size != 1:
		if moved := (c.GPR[RSI] - m.gpr[RSI]) & 0xffff; moved != 4 && moved != 0xfffc {
			return fmt.Sprintf("RSI moved by %#x, want 4", moved)
		}
		return ""
	default:
		return ""
	}
	if c.GPR[RSP] != sp || c.GPR[RBP] != bp {
		return fmt.Sprintf("stack pointer %#x after %#x, frame pointer %#x, want %#x and %#x", c.GPR[RSP], m.gpr[RSP], c.GPR[RBP], sp, bp)
	}
	return ""
}

// denormal checks that a denormal is loaded, whether its exception is masked or not.
func (m *moment) denormal(c *CPU) string {
	const de = 1 << 1
	if m.inst.Op == OpFLD && (c.FPU.FSW&^m.fpu.FSW)&de != 0 && c.FPU.top() != (m.fpu.top()-1)&7 {
		return "a denormal was not pushed"
	}
	return ""
}

// remembers checks what the x87 error pointers are, and when they are stored.
func (m *moment) remembers(c *CPU) string {
	p := c.FPU.Pointers
	switch m.inst.Op {
	case OpFXSAVE:
		if m.fpu.FSW&fswES == 0 && m.pointers != [2]uint64{} &&
			m.pointers != [2]uint64{c.Mem.Read64(m.image + fxFIP), c.Mem.Read64(m.image + fxFDP)} {
			return "error pointers stored without an exception"
		}
		return ""
	case OpFNINIT, OpFNSAVE:
		if p != (Pointers{}) {
			return fmt.Sprintf("error pointers %+v are left", p)
		}
		return ""
	case OpFXRSTOR, OpXRSTOR, OpFRSTOR, OpFLDENV:
		return ""
	case OpFNCLEX, OpFNSTCW, OpFNSTSW, OpFNSTENV, OpFWAIT, OpFLDCW:
	default:
		if m.inst.Op.Kind() != KindX87 {
			break
		}
		at := 0
		for m.code[at]&0xf8 != 0xd8 { // behind prefixes
			at++
		}
		op := uint16(m.code[at]&7)<<8 | uint16(m.code[at+1])
		if p.FIP != m.rip || p.FCS != m.cs.Sel || p.FOP != op {
			return fmt.Sprintf("error pointers %+v, want FOP %#x, FCS %#x", p, op, m.cs.Sel)
		}
		return ""
	}
	if p != m.fpu.Pointers {
		return fmt.Sprintf("error pointers became %+v, were %+v", p, m.fpu.Pointers)
	}
	return ""
}
