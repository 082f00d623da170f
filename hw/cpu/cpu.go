// Package cpu is one x86-64 logical processor: a decoder from tables, a plain
// stepper that is the reference, and a block engine that must agree with it.
// What is right is decided by AMD's Architecture Programmer's Manual, volumes 2
// and 3.
package cpu

import (
	"resvirt/hw/mem"
	"resvirt/models"
	"resvirt/sim"
)

// Bus is everything that a processor can access besides plain memory. The machine
// implements it.
type Bus interface {
	// ReadMMIO and WriteMMIO access a physical address that mem says is not RAM.
	// size is 1, 2, 4 or 8.
	ReadMMIO(cpu int, pa uint64, size int) uint64
	WriteMMIO(cpu int, pa uint64, size int, v uint64)
	// In and Out are port accesses; size is 1, 2 or 4.
	In(cpu int, port uint16, size int) uint32
	Out(cpu int, port uint16, size int, v uint32)
	// These access APIC registers by x2APIC MSR number, and the MSR of the
	// timer's deadline. WriteAPICMSR also reports a write of the time-stamp
	// counter or of APIC_BASE (with the old value), when it is done.
	ReadAPICMSR(cpu int, msr uint32) (v uint64, ok bool)
	WriteAPICMSR(cpu int, msr uint32, v uint64) (ok bool)
	// These are accesses to CR8, which shows the local APIC's TPR.
	ReadTPR(cpu int) uint64
	WriteTPR(cpu int, v uint64)
	// Interrupt returns the vector to deliver now, or ok false. Acknowledge moves it to in service.
	Interrupt(cpu int) (vector uint8, ok bool)
	Acknowledge(cpu int, vector uint8)
	// TSC is the time-stamp counter that clock (picoseconds) stands for.
	TSC(cpu int, clock int64) uint64
	// PerfSync brings MSR.PerfCtr up to the clock. It precedes every read and
	// write of a performance-counter or event-select MSR.
	PerfSync(cpu int)
	// PerfChanged tells that a performance-counter MSR was written, so that the
	// machine recomputes when it overflows.
	PerfChanged(cpu int)
}

// CPU is a processor: its State, what it is attached to, and host-side caches
// that hold nothing a snapshot needs.
type CPU struct {
	State
	ID    int
	Count int    // processors in the machine, as CPUID reports them; 0 means 1
	Seed  uint64 // of RDRAND
	Mem   *mem.Memory
	Bus   Bus

	Stop Stop // why Run or Step returned early; reset by the machine
	// Cost is the timing table. Retiring an instruction adds its class's cost to
	// Clock. Events on the way have costs, too (models.RepIter, TLBWalk, Exception,
	// ...).
	Cost *[models.NumClasses]sim.Time
	// Limit is the clock at which something else is due: a repeated string
	// instruction stops between iterations, unretired, once Clock reaches it.
	Limit int64
	// Others is the clock of the slowest other processor that runs, 0 if none
	// does. Instructions that tell the time, or that talk to devices, wait until
	// this processor is not ahead of it: see order.go.
	Others int64

	// EndTurn is set by PAUSE, HLT and writes to the interrupt command
	// register: the machine then ends this processor's turn.
	EndTurn bool
	// Break gives the machine control after the instruction that executes, or when it
	// gives way. The turn goes on.
	Break bool

	// LoadedCR3, unless nil, is called whenever CR3 has been loaded, with whatever value.
	LoadedCR3 func(id int)

	// While an instruction executes RIP is its own address and next that of
	// the instruction after it. A control transfer writes next; Step moves next
	// to RIP when the instruction completes. An instruction that faults leaves
	// exc set (raise, raiseErr, raisePF) and Step delivers it with RIP
	// unchanged; one that completes after a trap-like event does not use exc.
	next uint64
	exc  exception

	tally *Tally // nil unless somebody wants to know

	shadowed bool // the current instruction began with IntShadow
	// stepped says that a single-step trap follows the current instruction: TF was
	// set when it began, so that for POPF and IRET the old flags count (APM vol. 2,
	// 13.1.4). For SYSCALL and SYSRET the new flags count. An instruction that goes
	// through the interrupt table is never stepped.
	stepped bool

	system
}

// exception is what the current instruction raised.
type exception struct {
	pending bool
	kind    eventKind
	vector  uint8
	hasErr  bool
	err     uint32
}

// Stop is a reason for the processor to give control to the machine that is
// not a guest-visible event.
type Stop struct {
	Kind  StopKind
	PC    uint64
	Bytes [15]byte // of the unsupported instruction
	What  string
}

// StopKind classifies Stop.
type StopKind uint8

const (
	StopNone        StopKind = iota
	StopUnsupported          // an encoding or function that hardware has and the model lacks; now there is none
	StopShutdown             // triple fault
)
