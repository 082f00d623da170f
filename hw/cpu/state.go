package cpu

// State is everything mutable of one logical processor that software can
// observe, plus the TLB. It is plain data: a snapshot is a copy of it, and the
// state digest is computed from it alone. Decode caches, host pointers and
// other accelerations live in CPU, never here.
type State struct {
	GPR    [16]uint64 // RAX RCX RDX RBX RSP RBP RSI RDI R8..R15, in encoding order
	RIP    uint64
	RFLAGS uint64 // always materialized at an instruction boundary; bit 1 is one

	Seg  [6]Segment // indexed by ES..GS, encoding order
	LDTR Segment
	TR   Segment
	GDTR Table
	IDTR Table
	CPL  uint8

	CR0, CR2, CR3, CR4, CR8 uint64
	PDPTE                   [4]uint64 // the registers of PAE paging
	XCR0                    uint64
	DR                      [8]uint64
	HeldDebug               uint8 // breakpoints that a load of SS hit: bits of DR6, to be reported with the next instruction's
	MSR                     MSRs
	FPU                     FPU

	Random  uint64 // numbers that RDRAND has given
	TSCBase uint64 // added to the time-derived counter; written by WRMSR to TSC

	// Activity and interruptibility (AMD APM vol. 2, 8.2, 15.21; Intel SDM vol. 3, 6.8).
	Activity   Activity
	Monitor    Monitor
	NMIPending bool // edge latched, one deep
	NMIBlocked bool // from delivery until the next IRET
	IntShadow  bool // after STI or a load of SS: one instruction without interrupts

	Retired   uint64    // instructions retired by this processor
	RetiredAt [4]uint64 // those of them that began at each privilege level; the engine counts
	Clock     int64     // sim.Time of this processor, picoseconds

	TLB TLB
}

// Segment is a segment register with its hidden part.
type Segment struct {
	Sel   uint16
	Attr  uint16 // type, S, DPL, P in bits 0-7; AVL, L, D/B, G in bits 8-11 (descriptor bytes 5 and 6)
	Limit uint32 // in bytes, scaled by G already
	Base  uint64
}

// Table is GDTR or IDTR.
type Table struct {
	Base  uint64
	Limit uint16
}

// Activity is what the processor does between instructions.
type Activity uint8

const (
	Running  Activity = iota
	Halted            // HLT, MWAIT: until an unmasked interrupt, NMI, INIT
	WaitSIPI          // after INIT: until a start-up IPI
	Shutdown          // triple fault: the machine stops
)

// MSRs are the model-specific registers. FS and GS bases live in Seg.
type MSRs struct {
	EFER                         uint64
	STAR, LSTAR, CSTAR, FMASK    uint64
	KernelGSBase                 uint64
	TSCAux                       uint64
	APICBase                     uint64
	PAT                          uint64
	SysenterCS, SysenterESP, EIP uint64
	MTRRDefType                  uint64
	MTRR                         [32]uint64 // variable and fixed ranges, stored and ignored
	PerfEvtSel, PerfCtr          [4]uint64  // AMD K7 style, C001_0000..7
	MCGStatus                    uint64
	DebugCtl                     uint64
	Config                       [numConfig]uint64 // see configRegister
}

// FPU is the x87 and SSE state in the layout-independent form; FXSAVE packs it.
type FPU struct {
	XMM      [16][2]uint64 // low, high
	MXCSR    uint32
	ST       [8]Float80 // physical registers R0..R7, not stack-relative
	FCW, FSW uint16
	FTW      uint8 // abridged: 1 = not empty, by physical register
	Pointers
}

// Pointers are the x87 error pointers (APM vol. 1, 6.2.5): the last instruction
// that was not one of control, and the last operand in memory.
type Pointers struct {
	FOP      uint16 // the low three bits of its first byte, and ModRM
	FCS, FDS uint16 // selectors
	FIP, FDP uint64 // offsets
}

// Float80 is an 80-bit extended real: Exp holds sign and exponent.
type Float80 struct {
	Mant uint64
	Exp  uint16
}

// Register and segment numbers in encoding order.
const (
	RAX = iota
	RCX
	RDX
	RBX
	RSP
	RBP
	RSI
	RDI
	R8
	R9
	R10
	R11
	R12
	R13
	R14
	R15
)

const (
	ES = iota
	CS
	SS
	DS
	FS
	GS
)
