package seam

// What the hypervisor writes to the POST port: the numbers of the recovery steps
// that it begins, which lie below these, and one of these at the end.
const (
	PostRecovered = 0x7f // the VMs are about to run again
	PostGivenUp   = 0x7e // it has stopped for good
)

// Steps of recovery that reports look for by name. All others they take from the
// hypervisor's table.
const (
	StepPageFrames = "page_frames"
	StepFullReboot = "full_reboot"
)

// ExitRight is what the hypervisor ends the run with when all its final checks
// passed. What a guest alone under it ends with is the reason of its shutdown.
const ExitRight = 0

// Kinds of detections, the first argument of its entry. Below 256 they are vectors
// of exceptions.
const (
	KindAssert  = 1     // a failed assertion: no fatal exception has this vector
	KindGoCheck = 0x100 // and up: a check of the compiler's, plus its bare.Failure
)
