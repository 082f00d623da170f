package models

import "resvirt/sim"

// Classes of instructions, then of events within instructions.
const (
	Simple     Class = iota // moves, ALU, LEA, conditional moves, branches, NOP
	Stack                   // PUSH, POP, CALL, RET, LEAVE
	Complex                 // bit scans, bit tests in memory, double shifts, rotates through carry, XCHG, ENTER, PUSHA-like
	Mul                     // MUL, IMUL
	Div                     // DIV, IDIV
	Atomic                  // LOCK prefix, XCHG with memory, CMPXCHG, XADD
	String                  // start of a string instruction
	Fence                   // MFENCE, LFENCE, SFENCE
	SSE                     // SSE moves, logic, adds, conversions
	SSEMul                  // SSE multiplies
	SSEDiv                  // SSE divides and square roots
	FPU                     // x87 moves and arithmetic
	FPUDiv                  // x87 divides, square roots, transcendental functions
	FPUSave                 // FXSAVE, FXRSTOR, FNSAVE, FRSTOR
	Flags                   // PUSHF, POPF, CLI, STI
	Segment                 // loads of segment registers, LAR, LSL, VERR, VERW
	Far                     // far CALL, JMP, RET
	IRet                    // IRET
	SysCall                 // SYSCALL, SYSENTER
	SysRet                  // SYSRET, SYSEXIT
	System                  // moves to and from control and debug registers, LGDT, LIDT, LLDT, LTR, SWAPGS, CLTS
	TLBFlush                // MOV to CR3, INVLPG
	MSR                     // RDMSR, WRMSR, RDPMC, XGETBV, XSETBV
	TSC                     // RDTSC, RDTSCP
	Serialize               // CPUID, WBINVD, INVD
	Port                    // IN, OUT, INS, OUTS
	Pause                   // PAUSE
	Halt                    // HLT, MWAIT, MONITOR
	RepIter                 // event: each iteration of a repeated string instruction
	TLBWalk                 // event: a walk of the page tables
	MMIO                    // event: an access to a device register in memory space
	Exception               // event: delivery of an exception, software interrupts included
	Interrupt               // event: delivery of an external interrupt or NMI
	NumClasses = iota
)

const cycle = 500 * sim.Picosecond // 2 GHz

// defaultCost is the table. "OG" is AMD's Software Optimization Guide for AMD64
// Processors (25112), appendix C, latencies of the K8 for register operands;
// throughput where instructions usually overlap. Figures marked "estimate" are
// only of the right order.
func defaultCost() [NumClasses]sim.Time {
	return [NumClasses]sim.Time{
		Simple:    1 * cycle,            // OG: 1
		Stack:     2 * cycle,            // OG: PUSH 3, POP 4, near CALL 2, RET 5, less by overlap
		Complex:   4 * cycle,            // OG: SHLD 4, RCL by 1 1, BSF 8, XCHG 2
		Mul:       4 * cycle,            // OG: 3 for 32 bits, 4 to 5 for 64
		Div:       40 * cycle,           // OG: 39 for 32 bits, 71 for 64
		Atomic:    16 * cycle,           // OG: LOCK adds some 8 to 16 with the line in cache
		String:    4 * cycle,            // OG: MOVS and STOS 4 to 5 each, REP start 15
		Fence:     4 * cycle,            // estimate
		SSE:       2 * cycle,            // OG: 2 to 4, pipelined
		SSEMul:    4 * cycle,            // OG: 4 to 5
		SSEDiv:    20 * cycle,           // OG: DIVSD 20, SQRTSD 27
		FPU:       4 * cycle,            // OG: FADD, FMUL 4
		FPUDiv:    24 * cycle,           // OG: FDIV 24, FSQRT 35, FSIN up to 180
		FPUSave:   100 * cycle,          // estimate
		Flags:     4 * cycle,            // OG: CLI, STI, PUSHF 4, POPF 15
		Segment:   8 * cycle,            // OG: MOV to a segment register 8 and more
		Far:       30 * cycle,           // OG: far RET 31 and more
		IRet:      80 * cycle,           // OG: IRET 80 and more
		SysCall:   27 * cycle,           // OG: SYSCALL 27
		SysRet:    35 * cycle,           // OG: SYSRET 35
		System:    20 * cycle,           // estimate
		TLBFlush:  100 * cycle,          // OG: INVLPG about 100
		MSR:       87 * cycle,           // OG: RDMSR, WRMSR 87 and more
		TSC:       12 * cycle,           // OG: RDTSC 12
		Serialize: 40 * cycle,           // OG: CPUID 39 and more
		Port:      500 * sim.Nanosecond, // estimate: a cycle of an LPC bus at 33 MHz takes about 0.5 µs
		Pause:     40 * cycle,           // estimate
		Halt:      10 * cycle,           // estimate
		RepIter:   1 * cycle,            // OG: 8 bytes moved or stored per cycle and element
		TLBWalk:   16 * cycle,           // estimate: four levels, mostly in the first-level cache
		MMIO:      50 * cycle,           // estimate: the local APIC is on the die
		Exception: 90 * cycle,           // OG: INT 87 and more
		Interrupt: 100 * cycle,          // estimate: as INT, and the acknowledge
	}
}

// String is the class's name.
func (c Class) String() string {
	names := [NumClasses]string{"simple", "stack", "complex", "mul", "div", "atomic", "string", "fence", "sse", "sse-mul", "sse-div",
		"fpu", "fpu-div", "fpu-save", "flags", "segment", "far", "iret", "syscall", "sysret", "system", "tlb-flush", "msr", "tsc",
		"serialize", "port", "pause", "halt", "rep-iteration", "tlb-walk", "mmio", "exception", "interrupt"}
	if int(c) < len(names) {
		return names[c]
	}
	return "unknown"
}
