package checks

import (
	"slices"
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"resvirt/vi/abi"
)

// Tells which registers an instruction reads and writes, for instructions in guests'
// code. If that is not known it counts as a read, which can only make the measured
// sensitivity worse.

// register is what a flip can change of a processor's state.
type register struct {
	kind part
	n    int // of a general register, an XMM register or an x87 register
	bit  int
}

type part uint8

const (
	general part = iota
	flags
	pointer // RIP
	vector
	x87
	x87Control
	mxcsr
	fsBase
	gsKernel
	gsUser
	selector // DS, ES, FS or GS
)

// use is what an instruction does with a register: it needs the value, replaces it,
// both or neither.
type use struct{ reads, writes bool }

// numbered is the number of a register, and the range of its bits that the name
// stands for.
func numbered(r x86asm.Reg) (kind part, n, low, high int) {
	switch {
	case r >= x86asm.AL && r <= x86asm.BL:
		return general, int(r - x86asm.AL), 0, 8
	case r >= x86asm.AH && r <= x86asm.BH:
		return general, int(r - x86asm.AH), 8, 16
	case r >= x86asm.SPB && r <= x86asm.R15B:
		return general, int(r-x86asm.SPB) + 4, 0, 8
	case r >= x86asm.AX && r <= x86asm.R15W:
		return general, int(r - x86asm.AX), 0, 16
	case r >= x86asm.EAX && r <= x86asm.R15L:
		return general, int(r - x86asm.EAX), 0, 32
	case r >= x86asm.RAX && r <= x86asm.R15:
		return general, int(r - x86asm.RAX), 0, 64
	case r >= x86asm.X0 && r <= x86asm.X15:
		return vector, int(r - x86asm.X0), 0, 128
	}
	return pointer, -1, 0, 0
}

// usesOf is what an instruction does with a register.
func usesOf(inst *x86asm.Inst, r register) (u use) {
	switch r.kind {
	case flags:
		return flagUses(inst, r.bit)
	case pointer:
		return use{reads: true}
	case x87:
		return x87Uses(inst.Op)
	case x87Control:
		switch inst.Op {
		case x86asm.FNINIT, x86asm.FLDCW, x86asm.FLDENV, x86asm.FXRSTOR64:
			return use{writes: true}
		}
		return use{reads: strings.HasPrefix(inst.Op.String(), "F")}
	case mxcsr:
		return use{reads: inst.Op == x86asm.STMXCSR || inst.Op == x86asm.FXSAVE64 || arithmetic(inst.Op), writes: inst.Op == x86asm.LDMXCSR}
	case selector:
		return selectorUses(inst, [...]x86asm.Reg{x86asm.DS, x86asm.ES, x86asm.FS, x86asm.GS}[r.n])
	case fsBase, gsKernel, gsUser:
		want := x86asm.GS
		if r.kind == fsBase {
			want = x86asm.FS
		}
		for _, a := range inst.Args {
			if m, ok := a.(x86asm.Mem); ok && m.Segment == want {
				u.reads = true
			}
		}
		return u
	}
	if inst.Op == x86asm.FXSAVE64 || inst.Op == x86asm.FXRSTOR64 {
		if r.kind == vector {
			return use{reads: inst.Op == x86asm.FXSAVE64, writes: inst.Op == x86asm.FXRSTOR64}
		}
	}
	if inst.Op == x86asm.NOP {
		return use{}
	}
	if drops(inst, r) {
		return use{writes: inst.Op == x86asm.AND}
	}
	u = implied(inst, r)
	if cleared(inst) {
		if kind, n, _, _ := numbered(inst.Args[0].(x86asm.Reg)); kind == r.kind && n == r.n {
			return use{writes: true}
		}
		return u
	}
	for i, a := range inst.Args {
		switch a := a.(type) {
		case x86asm.Mem:
			for _, part := range [...]x86asm.Reg{a.Base, a.Index} {
				if kind, n, _, _ := numbered(part); part != 0 && kind == r.kind && n == r.n {
					u.reads = true
				}
			}
		case x86asm.Reg:
			kind, n, low, high := numbered(a)
			if kind != r.kind || n != r.n {
				continue
			}
			covers := r.bit >= low && r.bit < high
			if (i > 0 || !replaces(inst.Op)) && covers {
				u.reads = true
			}
			if i == 0 && !looks(inst.Op) || inst.Op == x86asm.XCHG || inst.Op == x86asm.XADD {
				u.writes = u.writes || covers || high == 32 // which clears the upper half
			}
		}
	}
	return u
}

// x87Uses is usesOf for a register of the x87 stack.
func x87Uses(op x86asm.Op) use {
	switch op {
	case x86asm.FNSTCW, x86asm.FLDCW, x86asm.FNSTSW, x86asm.FNCLEX, x86asm.FNSTENV, x86asm.FLDENV, x86asm.FWAIT, x86asm.FNOP:
		return use{}
	case x86asm.FNINIT, x86asm.EMMS, x86asm.FXRSTOR64:
		return use{writes: true}
	}
	return use{reads: strings.HasPrefix(op.String(), "F")}
}

// selectorUses is usesOf for a selector. Memory is accessed alike whatever DS and ES are
// (APM vol. 2, 4.8).
func selectorUses(inst *x86asm.Inst, want x86asm.Reg) use {
	if inst.Op != x86asm.MOV {
		return use{}
	}
	return use{reads: inst.Args[1] == want, writes: inst.Args[0] == want}
}

// drops tells whether an instruction masks the bit out: nothing depends on it.
func drops(inst *x86asm.Inst, r register) bool {
	if inst.Op != x86asm.AND && inst.Op != x86asm.TEST {
		return false
	}
	a, ok := inst.Args[0].(x86asm.Reg)
	mask, constant := inst.Args[1].(x86asm.Imm)
	if !ok || !constant {
		return false
	}
	kind, n, low, high := numbered(a)
	return kind == r.kind && n == r.n && r.bit >= low && r.bit < high && mask>>(r.bit-low)&1 == 0
}

// argumentRegisters hold the arguments of hypercalls, in their order.
var argumentRegisters = [...]int{7, 6, 2, 10, 8}

// unusedArgument tells whether a register is that of an argument which a hypercall does
// not have.
func unusedArgument(call uint64, r register) bool {
	has, known := hypercallArguments[call]
	at := slices.Index(argumentRegisters[:], r.n)
	return known && r.kind == general && at >= has
}

// hypercallArguments are the numbers of arguments of the hypercalls that guests make
// (Xen, hypercall-defs.c).
var hypercallArguments = map[uint64]int{
	abi.HypercallSetTrapTable: 1, abi.HypercallMMUUpdate: 4, abi.HypercallSetGDT: 2, abi.HypercallStackSwitch: 2,
	abi.HypercallFPUTaskswitch: 1, abi.HypercallMemoryOp: 2, abi.HypercallMulticall: 2, abi.HypercallUpdateVAMapping: 3,
	abi.HypercallSetTimerOp: 1, abi.HypercallXenVersion: 2, abi.HypercallConsoleIO: 3, abi.HypercallGrantTableOp: 3,
	abi.HypercallVcpuOp: 3, abi.HypercallSetSegmentBase: 2, abi.HypercallMMUExtOp: 4, abi.HypercallSchedOp: 2,
	abi.HypercallIret: 0, abi.HypercallCallbackOp: 2, abi.HypercallEventChannelOp: 2, abi.HypercallSysctl: 1, abi.HypercallDomctl: 1,
}

// cleared tells whether an instruction only sets a register to zero.
func cleared(inst *x86asm.Inst) bool {
	switch inst.Op {
	case x86asm.XOR, x86asm.SUB, x86asm.PXOR, x86asm.XORPS:
		a, ok := inst.Args[0].(x86asm.Reg)
		return ok && inst.Args[1] == a
	}
	return false
}

// replaces tells whether an instruction does not read what it writes.
func replaces(op x86asm.Op) bool {
	switch op {
	case x86asm.MOV, x86asm.MOVZX, x86asm.MOVSX, x86asm.MOVSXD, x86asm.LEA, x86asm.POP, x86asm.MOVQ, x86asm.MOVD,
		x86asm.MOVUPS, x86asm.MOVAPS, x86asm.MOVDQA, x86asm.MOVDQU, x86asm.PSHUFD, x86asm.CVTTSD2SI, x86asm.CVTTSS2SI:
		return true
	}
	return strings.HasPrefix(op.String(), "SET")
}

// looks tells whether an instruction only reads its operands.
func looks(op x86asm.Op) bool {
	switch op {
	case x86asm.CMP, x86asm.TEST, x86asm.PUSH, x86asm.JMP, x86asm.CALL, x86asm.BT, x86asm.UCOMISD, x86asm.COMISD, x86asm.PTEST, x86asm.MUL, x86asm.DIV, x86asm.IDIV, x86asm.NOP:
		return true
	}
	return false
}

// arithmetic tells whether an instruction depends on MXCSR.
func arithmetic(op x86asm.Op) bool {
	for _, s := range [...]string{"ADDS", "SUBS", "MULS", "DIVS", "SQRTS", "CVT", "ADDP", "SUBP", "MULP", "DIVP", "UCOMIS", "COMIS"} {
		if strings.HasPrefix(op.String(), s) {
			return true
		}
	}
	return false
}

// implied is what an instruction does with registers that it does not name.
func implied(inst *x86asm.Inst, r register) (u use) {
	if r.kind != general {
		return use{}
	}
	const ax, cx, dx, sp, bp, si, di, r10, r11 = 1 << 0, 1 << 1, 1 << 2, 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 10, 1 << 11
	reads, writes := 0, 0
	switch inst.Op {
	case x86asm.PUSH, x86asm.POP, x86asm.CALL, x86asm.RET, x86asm.PUSHFQ, x86asm.POPFQ:
		reads = sp
	case x86asm.LEAVE:
		reads = bp
	case x86asm.CQO, x86asm.CDQ:
		reads, writes = ax, dx
	case x86asm.CDQE:
		reads = ax
	case x86asm.MUL:
		reads, writes = ax, ax|dx
	case x86asm.IMUL:
		if inst.Args[1] == nil {
			reads, writes = ax, ax|dx
		}
	case x86asm.DIV, x86asm.IDIV:
		reads, writes = ax|dx, ax|dx
	case x86asm.RDTSC:
		writes = ax | dx
	case x86asm.CMPXCHG:
		reads, writes = ax, ax
	case x86asm.SYSCALL: // the arguments; the result and what SYSCALL leaves
		reads, writes = ax|di|si|dx|r10, ax|cx|r11
	case x86asm.MOVSB, x86asm.MOVSD, x86asm.MOVSQ, x86asm.MOVSW, x86asm.CMPSB, x86asm.CMPSQ:
		reads = si | di
	case x86asm.STOSB, x86asm.STOSD, x86asm.STOSQ, x86asm.SCASB, x86asm.SCASQ:
		reads = di | ax
	}
	for _, p := range inst.Prefix {
		if (p&0xff == 0xf3 || p&0xff == 0xf2) && reads&(si|di) != 0 && inst.Op != x86asm.SYSCALL { // elsewhere they are part of the opcode
			reads |= cx
		}
	}
	return use{reads>>r.n&1 != 0, writes>>r.n&1 != 0}
}

// flagUses is usesOf for a bit of RFLAGS.
func flagUses(inst *x86asm.Inst, bit int) use {
	const status = 1<<0 | 1<<2 | 1<<4 | 1<<6 | 1<<7 | 1<<11
	if status>>bit&1 == 0 {
		switch name := inst.Op.String(); bit {
		case 8: // TF
			return use{reads: true}
		case 10: // DF
			return use{reads: len(name) == 5 && (name[:4] == "MOVS" || name[:4] == "STOS" || name[:4] == "CMPS" || name[:4] == "SCAS"), writes: name == "CLD"}
		}
		return use{reads: bit == 18 && strings.HasPrefix(inst.Op.String(), "PUSHF")} // AC; the others do nothing here
	}
	name := inst.Op.String()
	switch {
	case name == "JMP", name == "JRCXZ":
		return use{}
	case name[0] == 'J', strings.HasPrefix(name, "SET"), strings.HasPrefix(name, "CMOV"):
		cond := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(name, "SET"), "CMOV"), "J")
		return use{reads: conditions[cond]>>bit&1 != 0}
	case name == "ADC", name == "SBB", name == "RCL", name == "RCR":
		return use{reads: bit == 0, writes: true}
	case strings.HasPrefix(name, "PUSHF"):
		return use{reads: true}
	}
	switch inst.Op {
	case x86asm.INC, x86asm.DEC:
		return use{writes: bit != 0}
	case x86asm.ADD, x86asm.SUB, x86asm.CMP, x86asm.TEST, x86asm.AND, x86asm.OR, x86asm.XOR, x86asm.NEG, x86asm.XADD,
		x86asm.CMPXCHG, x86asm.IMUL, x86asm.MUL, x86asm.SHL, x86asm.SHR, x86asm.SAR, x86asm.POPFQ, x86asm.UCOMISD, x86asm.COMISD, x86asm.PTEST:
		return use{writes: true}
	}
	return use{}
}

// conditions are the flags that a condition depends on (APM vol. 3, 1.4: Jcc).
var conditions = map[string]int{
	"O": 1 << 11, "NO": 1 << 11, "B": 1, "AE": 1, "E": 1 << 6, "NE": 1 << 6, "BE": 1 | 1<<6, "A": 1 | 1<<6,
	"S": 1 << 7, "NS": 1 << 7, "P": 1 << 2, "NP": 1 << 2, "L": 1<<7 | 1<<11, "GE": 1<<7 | 1<<11, "LE": 1<<6 | 1<<7 | 1<<11, "G": 1<<6 | 1<<7 | 1<<11,
}
