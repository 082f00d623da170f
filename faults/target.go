package faults

import "strings"

// Target describes a component that faults strike, and how its events are
// recognized. Another component, or another hypervisor, is another value of
// this type.
type Target struct {
	Name    string
	Alone   bool   // it is all that runs: there are no VMs
	VM      string // that it is a part of, as Judge names it; "" = of none
	Symbols Symbols

	// Entries are those through which every detection passes, each through one, once.
	Entries []Entry

	// Posts is the first of the PostNumbers numbers that are the target's to post: no other
	// target has one of them, so that what two targets post cannot be confused.
	Posts uint64
	// Recovery predicates: numbers that the target posts.
	Recovered uint64                     // the target resumes its VMs
	GivenUp   uint64                     // the target has stopped for good
	StepNames map[uint64]string          // every other number it posts
	Helper    func(function string) bool // posts for others; nil = there are none
	Checks    func(function string) bool // only checks, for its callers; nil = there are none

	// PolicyAt is the physical address of the policy word, by which a setting allows recovery
	// steps; 0 = there is none.
	PolicyAt uint64
	// Detecting has the bits of those steps in the policy word that repair nothing but
	// decide what counts as a failure: a run without a detection has read no other
	// bits.
	Detecting uint64
	// WaysBack has the bits of those without one of which every detection is the end; 0 = unknown.
	WaysBack uint64

	// ExitOK is the exit code of a run whose final checks passed.
	ExitOK uint32

	// Memory lists the physical memory of a class, always in the same order; nil
	// if the target has none that can be struck.
	Memory func(m Machine, c Class) []Range
	// Object says what lies at a physical address, "" if that is not known.
	Object func(pa uint64) string
	// Locking tells whether code belongs to the functions of locks.
	Locking func(p Place) bool

	// Cause reads why and where the target thinks it failed, right after a
	// detection entry retired on cpu.
	Cause func(m Machine, cpu int) Cause

	// Judge compares the output of a run with the golden one, per VM, and says
	// whether each VM's liveness probe passed.
	Judge func(golden, got []byte) []Verdict

	// Ended tells of a target that is a VM whether it runs no more.
	Ended func(m Machine) bool

	// Says is the text by which a target that is alone tells that it noticed a fault, if the
	// output has one.
	Says func(output []byte) string

	// LastWords is what the target itself printed before its end, if anything.
	LastWords func(output []byte) string
}

// PostNumbers is how many numbers each target may post.
const PostNumbers = 256

// posts tells whether a number is one of the target's.
func (t *Target) posts(value uint64) bool { return value-t.Posts < PostNumbers }

// Entry is an instruction that detections pass.
type Entry struct {
	PC   uint64
	Kind DetectionKind
	// Counts tells it of a pass; nil = each one counts. It is asked right after the
	// instruction retired.
	Counts func(m Machine, e Event) bool
	// Cause reads why and where the target thinks it failed; nil = as the target's Cause.
	Cause func(m Machine, cpu int) Cause
}

// Watched are the addresses of the entries.
func (t *Target) Watched() (list []uint64) {
	for _, e := range t.Entries {
		list = append(list, e.PC)
	}
	return list
}

// EntryIn is the entry that a function is, nil if it is none.
func (t *Target) EntryIn(function string) *Entry {
	for i := range t.Entries {
		if t.Locate(t.Entries[i].PC).Function == function {
			return &t.Entries[i]
		}
	}
	return nil
}

// Cause is what was found wrong, and the instruction that was doing it.
type Cause struct {
	What string
	PC   uint64
	// Check says that a check in the code has failed. PC is then the address to which
	// its report would return.
	Check bool
}

// Verdict is the result of one VM.
type Verdict struct {
	VM       string `json:"vm"`
	Right    bool   `json:"right"`    // all its output is there and equals the golden output
	Complete bool   `json:"complete"` // it reached the end of its work, rightly or wrongly
	Probe    Probe  `json:"probe"`
	Detail   string `json:"detail,omitempty"`
	Wrong    bool   `json:"wrong,omitempty"` // some output differs, as opposed to being missing
	Role     Role   `json:"role,omitempty"`
	Begun    bool   `json:"begun,omitempty"` // of a late VM: its creation had begun
}

// Probe is the result of a VM's probe: ProbePassed, ProbeFailed and how, or "" when it was
// not reached.
type Probe string

// Results of a VM's probe.
const (
	ProbePassed Probe = "passed"
	ProbeFailed Probe = "failed: "
)

// Failed says how a probe failed, if it did.
func (p Probe) Failed() (how string, failed bool) {
	return strings.CutPrefix(string(p), string(ProbeFailed))
}

// Role is what a VM is to the outcome; most are just VMs.
type Role string

// Roles.
const (
	ControlVM Role = "control" // makes the other VMs; not an AppVM
	LateVM    Role = "late"    // an AppVM that is made when the measured part is over
)
