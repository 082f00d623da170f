package abi

// sched_op commands (sched.h).
const (
	SchedopYield    = 0
	SchedopBlock    = 1
	SchedopShutdown = 2
	SchedopPoll     = 3

	SchedopRemoteShutdown = 4
	SchedopShutdownCode   = 5
	SchedopWatchdog       = 6
	SchedopPinOverride    = 7
)

// Reasons of SchedShutdown (sched.h).
const (
	ShutdownPoweroff = 0
	ShutdownReboot   = 1
	ShutdownSuspend  = 2
	ShutdownCrash    = 3
	ShutdownWatchdog = 4
)

// SchedShutdown is sched_shutdown (sched.h).
type SchedShutdown struct{ Reason uint32 }

// SchedWatchdog is sched_watchdog (sched.h): Timeout is in seconds, ID 0 asks for
// a new one.
type SchedWatchdog struct{ ID, Timeout uint32 }

// SchedPoll is sched_poll (sched.h); Ports points to uint32 port numbers,
// Timeout is absolute system time, 0 = none.
type SchedPoll struct {
	Ports   uint64
	NrPorts uint32
	_       uint32
	Timeout uint64
}

// vcpu_op commands (vcpu.h).
const (
	VcpuopInitialise          = 0
	VcpuopUp                  = 1
	VcpuopDown                = 2
	VcpuopIsUp                = 3
	VcpuopGetRunstateInfo     = 4
	VcpuopRegisterRunstate    = 5
	VcpuopSetPeriodicTimer    = 6
	VcpuopStopPeriodicTimer   = 7
	VcpuopSetSingleshotTimer  = 8
	VcpuopStopSingleshotTimer = 9
	VcpuopRegisterVcpuInfo    = 10
	VcpuopSendNMI             = 11
	VcpuopGetPhysid           = 12
	VcpuopRegisterTimeArea    = 13
)

// VcpuSetPeriodicTimer is vcpu_set_periodic_timer (vcpu.h).
type VcpuSetPeriodicTimer struct{ PeriodNS uint64 }

// VcpuSetSingleshotTimer is vcpu_set_singleshot_timer (vcpu.h).
type VcpuSetSingleshotTimer struct {
	TimeoutAbsNS uint64
	Flags        uint32
	_            uint32
}

// SingleshotFuture asks for ETIME when the timeout is past (vcpu.h).
const SingleshotFuture = 1

// VcpuRegisterVcpuInfo is vcpu_register_vcpu_info (vcpu.h).
type VcpuRegisterVcpuInfo struct {
	MFN    uint64
	Offset uint32
	_      uint32
}

// VcpuRunstateInfo is vcpu_runstate_info (vcpu.h).
type VcpuRunstateInfo struct {
	State          int32
	_              uint32
	StateEntryTime uint64
	Time           [4]uint64
}

// Runstates (vcpu.h).
const (
	RunstateRunning  = 0
	RunstateRunnable = 1
	RunstateBlocked  = 2
	RunstateOffline  = 3

	// RunstateUpdate in StateEntryTime says that an update is in progress.
	RunstateUpdate = 1 << 63
)
