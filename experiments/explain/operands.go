package explain

import (
	"golang.org/x/arch/x86/x86asm"

	"resvirt/experiments/recording"
	"resvirt/experiments/retrace"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/vi/inspect"
)

// comparison finds the last comparison that a function made, and the compared values;
// nil if there is none.
func (x *explainer) comparison(list []recording.Traced, function string, mem inspect.Memory) *Fact {
	seen := false
	for i := len(list) - 1; i >= 0; i-- {
		t := &list[i]
		if x.a.Target.Locate(t.PC).Function != function {
			if seen {
				return nil // the function came back from a call: its own comparison is older
			}
			continue
		}
		seen = true
		inst, err := x86asm.Decode(t.Code, 64)
		if err != nil || inst.Op != x86asm.CMP && inst.Op != x86asm.TEST {
			continue
		}
		text := retrace.Disassemble(*t, x.a.Target.Symbols)
		a, ok1 := operand(&inst, 0, t, mem)
		b, ok2 := operand(&inst, 1, t, mem)
		if !ok1 || !ok2 {
			return &Fact{Kind: Executed, Words: text}
		}
		f := &Fact{Kind: Compared, Words: text, Values: []Value{{Is: Word(a)}, {Is: Word(b)}}}
		switch {
		case inst.Op == x86asm.TEST && inst.Args[0] == inst.Args[1]:
			f.Kind, f.Values = Tested, f.Values[:1]
		case inst.Op == x86asm.TEST:
			f.Kind = TestedFor
		}
		return f
	}
	return nil
}

// operand is the value of an operand before the instruction. Memory is read as
// it is now.
func operand(inst *x86asm.Inst, i int, t *recording.Traced, mem inspect.Memory) (uint64, bool) {
	size := inst.DataSize
	if inst.MemBytes > 0 {
		size = inst.MemBytes * 8
	}
	if r, ok := inst.Args[0].(x86asm.Reg); ok {
		size = registerBits(r)
	}
	switch a := inst.Args[i].(type) {
	case x86asm.Reg:
		v, ok := registerValue(a, &t.Regs)
		return v & mask(registerBits(a)), ok
	case x86asm.Imm:
		return uint64(a) & mask(size), true
	case x86asm.Mem:
		at, ok := effective(inst, a, t)
		var b [8]byte
		if !ok || inst.MemBytes < 1 || inst.MemBytes > 8 || mem(at, b[:inst.MemBytes]) != nil {
			return 0, false
		}
		v := uint64(0)
		for k := 7; k >= 0; k-- {
			v = v<<8 | uint64(b[k])
		}
		return v, true
	}
	return 0, false
}

// effective is the address of a memory operand.
func effective(inst *x86asm.Inst, m x86asm.Mem, t *recording.Traced) (uint64, bool) {
	at := uint64(int64(int32(m.Disp))) // the disassembler does not always extend the sign
	switch m.Base {
	case 0:
	case x86asm.RIP:
		at += t.PC + uint64(inst.Len)
	default:
		v, ok := registerValue(m.Base, &t.Regs)
		if !ok {
			return 0, false
		}
		at += v
	}
	if m.Index != 0 {
		v, ok := registerValue(m.Index, &t.Regs)
		if !ok {
			return 0, false
		}
		at += v * uint64(m.Scale)
	}
	return at, m.Segment == 0
}

func registerBits(r x86asm.Reg) int {
	switch {
	case r >= x86asm.AL && r <= x86asm.R15B:
		return 8
	case r >= x86asm.AX && r <= x86asm.R15W:
		return 16
	case r >= x86asm.EAX && r <= x86asm.R15L:
		return 32
	}
	return 64
}

func mask(bits int) uint64 {
	if bits <= 0 || bits >= 64 {
		return ^uint64(0)
	}
	return 1<<bits - 1
}

// registerValue is the value of the full register of which a name is the low
// part.
func registerValue(r x86asm.Reg, regs *testbed.Registers) (uint64, bool) {
	switch {
	case r >= x86asm.AL && r <= x86asm.BL:
		return regs[r-x86asm.AL], true
	case r >= x86asm.SPB && r <= x86asm.R15B:
		return regs[r-x86asm.SPB+4], true
	case r >= x86asm.AX && r <= x86asm.R15W:
		return regs[r-x86asm.AX], true
	case r >= x86asm.EAX && r <= x86asm.R15L:
		return regs[r-x86asm.EAX], true
	case r >= x86asm.RAX && r <= x86asm.R15:
		return regs[r-x86asm.RAX], true
	}
	return 0, false
}

// accessed describes the memory operands of an instruction, with the registers
// that made their addresses.
func accessed(t *recording.Traced, symbols faults.Symbols) Fact {
	f := Fact{Kind: Executed, Words: retrace.Disassemble(*t, symbols)}
	inst, err := x86asm.Decode(t.Code, 64)
	if err != nil {
		return f
	}
	for _, a := range inst.Args {
		m, ok := a.(x86asm.Mem)
		if !ok {
			continue
		}
		for _, r := range []x86asm.Reg{m.Base, m.Index} {
			if v, ok := registerValue(r, &t.Regs); ok && r != 0 {
				f.Values = append(f.Values, Value{Name: r.String(), Is: Word(v)})
			}
		}
	}
	return f
}
