package seam

// What the hypervisor writes to the POST port: the number of each recovery step
// that it begins, and at the end one of the numbers below, which are above those
// of the steps.
const (
	PostRecovered = 0x7f // the VMs are about to run again
	PostGivenUp   = 0x7e // it has stopped for good
)

// Steps of recovery that reports look for by name. They read the names of all
// others in the hypervisor's table.
const (
	StepPageFrames = "page_frames"
	StepFullReboot = "full_reboot"
)

// ExitRight is the exit code with which the hypervisor ends the run if all its
// final checks passed. With a single guest the exit code is instead the reason
// of the guest's shutdown.
const ExitRight = 0

// Kinds of detections, the first argument of detectPanic and detectHang. Those
// below 256 are vectors of exceptions.
const (
	KindAssert  = 1     // a failed assertion: no fatal exception has this vector
	KindGoCheck = 0x100 // and up: a check of the compiler's, plus its bare.Failure
)
