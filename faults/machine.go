package faults

import "resvirt/sim"

// Machine is the interface between faults and the machine that they strike: all
// that the injector and the observer may do.
type Machine interface {
	// Run goes on until the first of the conditions holds or the machine stops
	// by itself. Stopping does not change the run.
	Run(Until) Stop
	Position() uint64 // retired instructions of all CPUs
	Scoped() uint64   // those of them that are the target's
	Now() sim.Time    // clock of the CPU about to run
	Next() int        // the CPU about to run
	CPUs() int
	Digest() sim.Digest // canonical state

	Register(cpu int, r Register) uint64
	SetRegister(cpu int, r Register, v uint64)
	CPL(cpu int) uint8
	InScope(cpu int) bool // its next instruction is the target's
	ReadVirt(cpu int, va uint64, buf []byte) error
	ReadCode(cpu int, va uint64, buf []byte) error // as instruction fetch sees it
	Translate(cpu int, va uint64) (pa uint64, ok bool)
	ReadPhys(pa uint64, buf []byte)

	// What faults change besides registers. FlipFetch inverts bits of a byte for
	// instruction fetch by all CPUs, until the byte is written or EndFlips.
	WritePhys(pa uint64, buf []byte)
	FlipFetch(pa uint64, mask uint8)
	EndFlips()

	// Policy is the target's policy word, 0 if it has none; SetPolicy, before the fault strikes, and
	// memory faults are all by which the host writes target memory.
	Policy() uint64
	SetPolicy(uint64)

	// Trace calls f before each instruction, or, with addresses, before those there;
	// nil ends it.
	Trace(f func(TraceEntry), only ...uint64)

	Serial() []byte  // all console output since power-on
	Events() []Event // since the last Restore
	Snapshot() Snapshot
	Restore(Snapshot)
}

// Snapshot is a state that any machine of the same configuration can resume.
type Snapshot any

// Until bounds a Run; a zero field is no bound.
type Until struct {
	Position uint64   // before retiring instruction number Position+1
	Time     sim.Time // when the CPU about to run has reached this time
	Scoped   uint64   // before the n-th further instruction of the target
	Watched  bool     // after a watched instruction retired
	Before   bool     // before an instruction at an address that was named, on machines that can stop there
	Accessed bool     // after watched memory was accessed, on machines that can watch it
}

// Reason says why Run returned.
type Reason uint8

const (
	Reached     Reason = iota // a bound of Until
	Watched                   // a watched instruction retired
	Exited                    // the target ended the run; Stop.Code
	AllHalted                 // no CPU can ever wake again
	Reset                     // triple fault
	Unsupported               // something that hardware has and the model lacks
	Accessed                  // watched memory was accessed
	Before                    // an instruction at an address that was named
)

// Stop is the result of Run.
type Stop struct {
	Reason Reason
	CPU    int
	Code   uint32
	Detail string
}

// EventKind classifies Event.
type EventKind uint8

const (
	EventPost      EventKind = iota // a recovery step announced itself; Value is its number
	EventWatched                    // a watched instruction retired; PC
	EventUserEntry                  // first unprivileged instruction of a CPU after a watched one
)

// Event is something the machine noted while running.
type Event struct {
	Kind     EventKind
	CPU      int
	Position uint64
	Time     sim.Time
	PC       uint64
	Value    uint64
	Scoped   bool     // an instruction of the target caused it
	Callers  []uint64 // return addresses, innermost first, as far as known
}

// TraceEntry is an instruction about to execute.
type TraceEntry struct {
	CPU      int
	Position uint64
	PC       uint64
	CPL      uint8
}
