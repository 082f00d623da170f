package machine

import (
	"fmt"

	"resvirt/sim"
)

// Until bounds a run. Zero fields bound nothing; the first condition reached
// ends the run. Where it ends does not change what happens after.
type Until struct {
	Position uint64   // as soon as so many instructions have retired since power-on
	Time     sim.Time // when the CPU about to execute has this clock or a later one
	Scoped   uint64   // before the n-th further instruction in scope, n from 1; see Spec.Scope
	Watched  bool     // right after an instruction at a watched address retired
	Before   bool     // before an instruction at an address of StopBefore
	Accessed bool     // right after watched memory was accessed, see WatchMemory
}

// Stop says why a run ended.
type Stop struct {
	Reason Reason
	CPU    int    // the processor concerned
	Code   uint32 // exit status as a process would have it, for Exit: value<<1 | 1
	Detail string // for people
}

// String is the stop in one line.
func (s Stop) String() string {
	switch {
	case s.Reason == Exit:
		return fmt.Sprintf("exit %d (CPU %d)", s.Code, s.CPU)
	case s.Detail != "":
		return fmt.Sprintf("%v (CPU %d): %s", s.Reason, s.CPU, s.Detail)
	}
	return fmt.Sprintf("%v (CPU %d)", s.Reason, s.CPU)
}

// Reason classifies Stop. From Exit to PowerOff the machine has ended for good:
// running it on returns the same Stop. These are in digests, so their numbers stay.
type Reason uint8

const (
	None Reason = iota
	ReachedPosition
	ReachedTime
	ReachedScoped
	ReachedWatched
	Waiting // all processors are halted, and only Input could wake one

	Exit        // debug-exit device
	TripleFault // a processor shut down
	Reset       // keyboard controller, or INIT of the boot processor
	AllHalted   // no processor runs and none will be woken
	Unsupported // hardware has it, the model lacks it; Detail holds the bytes
	PowerOff    // software switched the machine off

	ReachedAccess // to watched memory
	ReachedBefore // an instruction of StopBefore
)

var reasonNames = [...]string{"none", "reached position", "reached time", "reached instruction in scope", "reached watched address", "waiting for input",
	"exit", "triple fault", "reset", "all halted", "unsupported by the model", "power off", "reached access to watched memory", "reached instruction to stop before"}

// String is the reason in words.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return fmt.Sprintf("reason %d", r)
}

// Final tells whether the machine has ended.
func (r Reason) Final() bool { return r >= Exit && r <= PowerOff }

// EventKind classifies Event.
type EventKind uint8

const (
	Post      EventKind = iota // a write to port 0x80, Value is what was written
	Watched                    // the instruction at a watched PC retired
	UserEntry                  // the first instruction at privilege level 3 of a CPU after a watched one
)

// String is the kind in words.
func (k EventKind) String() string {
	return [...]string{"post", "watched", "user entry"}[k]
}

// Event is an entry of the host's log. The log is not part of the machine's
// state: a fork or restore begins with an empty one.
type Event struct {
	Kind     EventKind
	CPU      int
	Position uint64   // instructions retired when it happened, the one that caused it not counted
	Time     sim.Time // clock of the CPU before that instruction
	PC       uint64   // of that instruction
	Value    uint32
	Scoped   bool            // that instruction is in scope, see Spec.Scope
	Callers  [callers]uint64 // of a Post: return addresses, innermost first, 0 = none found
}

// TraceEntry describes an instruction that is about to be executed, and the
// machine at that moment is at the callback's disposal.
type TraceEntry struct {
	CPU      int
	Position uint64
	Time     sim.Time
	PC       uint64
	CPL      uint8
}
