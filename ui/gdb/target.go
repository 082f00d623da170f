package gdb

import (
	"context"

	"resvirt/hw/machine"
	"resvirt/hw/mem"
)

// Target is what is debugged. One goroutine uses it at a time.
type Target interface {
	// Machine is the machine where it stands. It is changed only if Frozen allows it.
	Machine() *machine.Machine
	// Frozen says why registers and memory cannot be changed; nil: they can.
	Frozen() error
	// Reverses tells whether there is a way back.
	Reverses() bool
	// Resume moves the machine until the move is done, something of Points happens, or
	// ctx ends, which is Interrupted. An error means that it stands where it was.
	Resume(ctx context.Context, m Move, p Points) (Stop, error)
	// Describe says what a processor does, for a list of threads.
	Describe(cpu int) string
	// Monitor answers a command that the user gives with gdb's command monitor.
	Monitor(ctx context.Context, cpu int, args []string) (Answer, error)
	// Help lists the commands of Monitor, each with what it does.
	Help() [][2]string
}

// Move is a way to go on.
type Move struct {
	Back bool
	Step bool // one instruction of processor CPU; else as far as possible
	CPU  int

	// While steps lead to addresses from Within[0] on and before Within[1], more follow: a
	// client leaves a line so without asking for each instruction. A Target does one step.
	Within [2]uint64
}

// Points are what stops a machine.
type Points struct {
	Code []uint64 // addresses (RIP) of any processor; the stop is before the instruction
	Data []mem.Watchpoint
}

// Reason says why a move ended.
type Reason uint8

// Reasons.
const (
	Stepped Reason = iota
	AtCode         // before an instruction at an address of Points
	AtData         // behind an access to memory of Points; before it, backwards
	AtBegin        // there is no way back any more
	AtEnd          // a recording ends here
	Interrupted
	Ended // the machine has ended by itself, see Stop.Status
)

// Stop is the end of a move.
type Stop struct {
	Reason Reason
	CPU    int
	Point  int    // AtData: index of the watchpoint
	Status uint8  // Ended: as an exit status
	Text   string // Ended: how, for people
}

// Answer is what Monitor has found.
type Answer struct {
	Text  string
	Moved bool // the machine stands elsewhere
	CPU   int  // Moved: the processor to look at
}
