package seam

// What the hypervisor writes to PostPort: the numbers of the recovery steps that
// it begins, which lie below these, and one of these at the end.
const (
	PostPort      = 0x80
	PostRecovered = 0x7f // the VMs are about to run again
	PostGivenUp   = 0x7e // it has stopped for good
)

// ExitPort ends the run, as QEMU's isa-debug-exit does: it makes the status
// value<<1 | 1 of what is written there. The hypervisor writes 0 when all its final
// checks passed.
const (
	ExitPort = 0xf4
	ExitOK   = 1
)

// Kinds of detections, the first argument of its entry. Below 256 they are vectors
// of exceptions.
const (
	KindAssert  = 1     // a failed assertion: no fatal exception has this vector
	KindGoCheck = 0x100 // and up: a check of the compiler's, plus its bare.Failure
)
