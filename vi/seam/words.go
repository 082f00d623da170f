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

// What VMs say of the course of a run, a line each.
const (
	WorkloadStart = "workload start"
	ProbePassed   = "probe ok"               // the last line of a VM that got what it asked for
	ControlStart  = "control start"          // and all VMs to begin with are about to be made
	ControlLate   = "control makes one more" // from here on no fault strikes
	ControlEnd    = "control end"
)

// What the domains of hostile runs say.
const (
	WitnessOK = "witness ok" // the one that does nothing wrong is content
	DuetOK    = "duet ok"    // no write reached a page that had been given up
	Known     = "known: "    // an attack of the list, and what came of it
	KnownDone = Known + "done"
)

// What begins the lines about something that went wrong.
const (
	ProbeFailed = "probe failed: " // which one, and a code
	Error       = "error"          // the VM's own kernel or program has found something else
)

// What the hypervisor says, behind VMM.
const (
	Done     = "done" // the run's end, if nothing is wrong
	NotBuilt = "the domain cannot be built: "
)
