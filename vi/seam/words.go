package seam

// A line of the console begins with who says it. A VM's name stands between VMOpen
// and VMClose: "(d1) "; the hypervisor's lines begin with VMM.
const (
	VMOpen  = "(d"
	VMClose = ") "
	VMM     = "(VMM) "
)

// ControlVM is the control domain's name.
const ControlVM = "d0"

// Lines that VMs print in the course of a run.
const (
	WorkloadStart = "workload start"
	ProbePassed   = "probe ok"               // the last line of a VM whose probe passed
	ControlStart  = "control start"          // the control domain is about to make the VMs that run from the beginning
	ControlLate   = "control makes one more" // no fault strikes after this line
	ControlEnd    = "control end"
	DriverStart   = "driver start" // a driver domain serves
	DriverEnd     = "driver end"   // and has ended, since it was asked to
)

// Lines that the domains of hostile runs print.
const (
	WitnessOK = "witness ok" // the witness, which does nothing wrong, has found nothing wrong
	DuetOK    = "duet ok"    // no write reached a page that had been given up
	Known     = "known: "    // followed by an attack of the list and its result
	KnownDone = Known + "done"
	DMATried  = "frames tried by a device: " // followed by their number,
	DMADone   = " of which written: "        // and of those in which it succeeded
)

// Beginnings of lines about something that went wrong.
const (
	ProbeFailed = "probe failed: " // followed by the probe's name and a code
	Error       = "error"          // the VM's own kernel or program has found something else
)

// Lines that the hypervisor prints behind VMM.
const (
	Done     = "done" // the run's end, if nothing is wrong
	NotBuilt = "the domain cannot be built: "
)
