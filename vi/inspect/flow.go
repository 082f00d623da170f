package inspect

import (
	"cmp"
	"encoding/binary"
	"slices"

	"golang.org/x/arch/x86/x86asm"
)

// A function in assembly may move the stack pointer as it likes, and .debug_frame
// says nothing of that. So its instructions are followed here from its first one: for
// each instruction, which register or which word of the stack holds what was in a
// register when the function was entered, and how far from there the stack pointer is.

// term is what is known of a number.
type term struct {
	kind termKind
	n    int   // the register, or the base
	off  int64 // added to a base; the place, for a word of the stack
}

type termKind uint8

const (
	anything  termKind = iota
	entered            // what register n held at the entry
	relative           // base n plus off; base 0 is RSP at the entry, others are results of AND
	stackWord          // the word that was at base 0 plus off at the entry
	zero
)

// flow is what is known before each instruction of a function.
type flow struct {
	states map[uint64]*flowState // by run address
	bases  int
}

type flowState struct {
	reg   [16]term
	slots map[slot]term
}

// slot is a word on the stack.
type slot struct {
	base int
	off  int64
}

// flowLimit bounds the instructions of a function that are followed.
const flowLimit = 4096

// newFlow follows the code that begins at an address; read gives bytes of it, none
// outside of it.
func newFlow(start uint64, read func(uint64) []byte) *flow {
	f := &flow{states: map[uint64]*flowState{}}
	first := &flowState{slots: map[slot]term{}}
	for i := range first.reg {
		first.reg[i] = term{entered, i, 0}
	}
	first.reg[RSP] = term{relative, 0, 0}
	type step struct {
		pc uint64
		s  *flowState
	}
	// What follows a call comes last: a call may not return, and what stands behind it
	// may belong to another way.
	var behind []step
	for list := []step{{start, first}}; len(list)+len(behind) > 0 && len(f.states) < flowLimit; {
		if len(list) == 0 {
			list, behind = append(list, behind[0]), behind[1:]
		}
		at := list[len(list)-1]
		list = list[:len(list)-1]
		if f.states[at.pc] != nil {
			continue // the first way to an instruction counts
		}
		f.states[at.pc] = at.s // also behind the end, where a call would return to
		raw := read(at.pc)
		if len(raw) == 0 {
			continue
		}
		in, err := x86asm.Decode(raw, 64)
		if err != nil {
			if in.Len = unknownLength(raw); in.Len == 0 {
				continue
			}
		}
		next := at.pc + uint64(in.Len)
		s := at.s.clone()
		f.execute(s, &in, raw)
		if to, ok := branch(&in, next); ok {
			list = append(list, step{to, s})
			if in.Op == x86asm.JMP {
				continue
			}
		}
		switch {
		case ends(in.Op):
		case in.Op == x86asm.CALL:
			behind = append(behind, step{next, s})
		default:
			list = append(list, step{next, s})
		}
	}
	return f
}

// unknownLength is the length of instructions that the disassembler does not know:
// CLAC, STAC, XSETBV, STR EAX.
func unknownLength(b []byte) int {
	if len(b) >= 3 && b[0] == 0x0f && (b[1] == 1 && (b[2] == 0xca || b[2] == 0xcb || b[2] == 0xd1) || b[1] == 0 && b[2] == 0xc8) {
		return 3
	}
	return 0
}

// branch is where a jump may go.
func branch(in *x86asm.Inst, next uint64) (uint64, bool) {
	rel, ok := in.Args[0].(x86asm.Rel)
	if !ok || in.Op == x86asm.CALL {
		return 0, false
	}
	return next + uint64(int64(rel)), true
}

// ends tells whether nothing follows an instruction.
func ends(op x86asm.Op) bool {
	switch op {
	case x86asm.JMP, x86asm.RET, x86asm.IRET, x86asm.IRETD, x86asm.IRETQ, x86asm.SYSRET, x86asm.UD1, x86asm.UD2, x86asm.INT:
		return true
	}
	return false
}

func (s *flowState) clone() *flowState {
	c := &flowState{reg: s.reg, slots: make(map[slot]term, len(s.slots)+1)}
	for k, v := range s.slots {
		c.slots[k] = v
	}
	return c
}

// at is the slot of a memory operand.
func (s *flowState) at(m x86asm.Mem) (slot, bool) {
	b, ok := number(m.Base)
	if !ok || m.Index != 0 || m.Segment != 0 || s.reg[b].kind != relative {
		return slot{}, false
	}
	return slot{s.reg[b].n, s.reg[b].off + int64(int32(m.Disp))}, true // the disassembler does not extend the sign
}

// load is what a word of the stack holds.
func (s *flowState) load(at slot) term {
	if t, ok := s.slots[at]; ok {
		return t
	}
	if at.base == 0 {
		return term{stackWord, 0, at.off}
	}
	return term{}
}

// value is the term of an operand of 8 bytes.
func (s *flowState) value(a x86asm.Arg) term {
	switch a := a.(type) {
	case x86asm.Reg:
		if n, ok := number(a); ok && a >= x86asm.RAX {
			return s.reg[n]
		}
	case x86asm.Mem:
		if at, ok := s.at(a); ok {
			return s.load(at)
		}
	}
	return term{}
}

// set gives a register or a word a term. A register of which a part is written is not
// known any more.
func (s *flowState) set(a x86asm.Arg, t term, bytes int) {
	switch a := a.(type) {
	case x86asm.Reg:
		if a < x86asm.RAX && t.kind != zero {
			t = term{} // 32 bits of it, or fewer
		}
		if n, ok := number(a); ok {
			s.reg[n] = t
		}
	case x86asm.Mem:
		at, ok := s.at(a)
		if !ok {
			return // elsewhere: no function writes its own frame by other ways
		}
		if bytes != 8 || at.off%8 != 0 {
			t = term{}
		}
		s.slots[slot{at.base, at.off &^ 7}] = t
	}
}

// move changes the stack pointer by n.
func (s *flowState) move(n int64) {
	if s.reg[RSP].kind == relative {
		s.reg[RSP].off += n
	}
}

func (s *flowState) push(t term) {
	s.move(-8)
	if sp := s.reg[RSP]; sp.kind == relative {
		s.slots[slot{sp.n, sp.off}] = t
	}
}

func (s *flowState) pop() term {
	t := term{}
	if sp := s.reg[RSP]; sp.kind == relative {
		t = s.load(slot{sp.n, sp.off})
	}
	s.move(8)
	return t
}

// number is that of the register of which r is all or a part.
func number(r x86asm.Reg) (int, bool) {
	switch {
	case r >= x86asm.RAX && r <= x86asm.R15:
		return int(r - x86asm.RAX), true
	case r >= x86asm.EAX && r <= x86asm.R15L:
		return int(r - x86asm.EAX), true
	case r >= x86asm.AX && r <= x86asm.R15W:
		return int(r - x86asm.AX), true
	case r >= x86asm.AL && r <= x86asm.BL:
		return int(r - x86asm.AL), true
	case r >= x86asm.AH && r <= x86asm.BH:
		return int(r - x86asm.AH), true
	case r >= x86asm.SPB && r <= x86asm.R15B:
		return int(r-x86asm.SPB) + RSP, true
	}
	return 0, false
}

// execute changes a state as an instruction does.
func (f *flow) execute(s *flowState, in *x86asm.Inst, raw []byte) {
	to, from := in.Args[0], in.Args[1]
	switch in.Op {
	case x86asm.PUSH:
		s.push(s.value(to))
	case x86asm.PUSHF, x86asm.PUSHFQ:
		s.push(term{})
	case x86asm.POP:
		t := s.pop()
		s.set(to, t, 8)
	case x86asm.POPF, x86asm.POPFQ:
		s.pop()
	case x86asm.CALL:
		s.called()
	case x86asm.SYSCALL:
		s.reg[RCX], s.reg[R11], s.reg[RAX] = term{}, term{}, term{}
	case x86asm.MOV:
		s.set(to, s.value(from), in.DataSize/8)
	case x86asm.XCHG:
		a, b := s.value(to), s.value(from)
		s.set(to, b, 8)
		s.set(from, a, 8)
	case x86asm.LEA:
		t := term{}
		if m, ok := from.(x86asm.Mem); ok {
			if at, ok := s.at(m); ok {
				t = term{relative, at.base, at.off}
			}
		}
		s.set(to, t, 8)
	case x86asm.ADD, x86asm.SUB:
		t := s.value(to)
		n, ok := from.(x86asm.Imm)
		if in.Op == x86asm.SUB {
			n = -n
		}
		if t.off += int64(n); t.kind != relative || !ok {
			t = term{}
		}
		s.set(to, t, in.DataSize/8)
	case x86asm.AND:
		t := term{}
		if s.value(to).kind == relative {
			f.bases++
			t = term{relative, f.bases, 0}
		}
		s.set(to, t, in.DataSize/8)
	case x86asm.XOR:
		t := term{}
		if to == from {
			t = term{kind: zero}
		}
		s.set(to, t, in.DataSize/8)
	case x86asm.CMP, x86asm.TEST, x86asm.BT, x86asm.NOP, x86asm.PAUSE, x86asm.JMP:
	default:
		s.clobber(in, raw)
	}
}

// clobber forgets what an instruction may change beside memory that is not the stack.
func (s *flowState) clobber(in *x86asm.Inst, raw []byte) {
	if _, jump := in.Args[0].(x86asm.Rel); jump {
		return
	}
	s.set(in.Args[0], term{}, 0)
	switch in.Op {
	case x86asm.CPUID:
		s.reg[RBX] = term{}
		fallthrough
	case x86asm.RDMSR, x86asm.RDTSC, x86asm.RDTSCP, x86asm.MUL, x86asm.IMUL, x86asm.DIV, x86asm.IDIV, x86asm.CMPXCHG, x86asm.XADD:
		s.reg[RAX], s.reg[RCX], s.reg[RDX] = term{}, term{}, term{}
		s.set(in.Args[1], term{}, 0)
	case x86asm.MOVSB, x86asm.MOVSW, x86asm.MOVSD, x86asm.MOVSQ, x86asm.STOSB, x86asm.STOSW, x86asm.STOSD, x86asm.STOSQ,
		x86asm.LODSB, x86asm.LODSQ, x86asm.CMPSB, x86asm.CMPSQ, x86asm.SCASB, x86asm.SCASQ:
		s.reg[RCX], s.reg[RSI], s.reg[RDI] = term{}, term{}, term{}
	}
}

// called forgets what a called function may change: all but RSP, RBP, and the caller's
// words on the stack.
func (s *flowState) called() {
	for i := range s.reg {
		if i != RSP && i != RBP {
			s.reg[i] = term{}
		}
	}
}

// entry is what was in the registers when a function was entered, as far as it can be
// found out; ok is false if RSP cannot.
func (s *flowState) entry(now *Registers, mem Memory) (r Registers, ok bool) {
	base, ok := s.stackAtEntry(now, mem)
	if !ok {
		return r, false
	}
	r.Set(RSP, base)
	for i := range 16 {
		if i == RSP {
			continue
		}
		if v, ok := s.find(term{entered, i, 0}, base, now, mem); ok {
			r.Set(i, v)
		}
	}
	return r, true
}

// list has the slots that are in use, in order: what lies below the stack pointer does
// not stay.
func (s *flowState) list() []slot {
	var list []slot
	sp := s.reg[RSP]
	for at := range s.slots {
		if sp.kind != relative || at.base != sp.n || at.off >= sp.off {
			list = append(list, at)
		}
	}
	slices.SortFunc(list, func(a, b slot) int { return cmp.Or(cmp.Compare(a.base, b.base), cmp.Compare(a.off, b.off)) })
	return list
}

// stackAtEntry finds base 0.
func (s *flowState) stackAtEntry(now *Registers, mem Memory) (uint64, bool) {
	for i := range s.reg {
		if t := s.reg[(i+RSP)%16]; t.kind == relative && t.n == 0 && now.Knows((i+RSP)%16) {
			return now.GPR[(i+RSP)%16] - uint64(t.off), true
		}
	}
	sp := s.reg[RSP]
	if sp.kind != relative || !now.Knows(RSP) {
		return 0, false
	}
	for _, at := range slices.Backward(s.list()) { // a function that was called may use the lowest as its arguments
		if t := s.slots[at]; at.base == sp.n && t.kind == relative && t.n == 0 {
			if v, ok := readWord(mem, now.GPR[RSP]-uint64(sp.off)+uint64(at.off)); ok {
				return v - uint64(t.off), true
			}
		}
	}
	return 0, false
}

// find looks for a term in registers and on the stack.
func (s *flowState) find(want term, base uint64, now *Registers, mem Memory) (uint64, bool) {
	for i, t := range s.reg {
		if t == want && now.Knows(i) {
			return now.GPR[i], true
		}
	}
	for _, at := range s.list() {
		if s.slots[at] == want && at.base == 0 {
			if v, ok := readWord(mem, base+uint64(at.off)); ok {
				return v, true
			}
		}
	}
	if want.kind != stackWord {
		return 0, false
	}
	if _, lost := s.slots[slot{0, want.off}]; lost {
		return 0, false
	}
	return readWord(mem, base+uint64(want.off))
}

func readWord(mem Memory, at uint64) (uint64, bool) {
	var b [8]byte
	err := mem(at, b[:])
	return binary.LittleEndian.Uint64(b[:]), err == nil
}
