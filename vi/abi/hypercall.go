package abi

// Hypercall numbers (xen.h, "List of hypercalls"). A 64-bit PV guest issues
// SYSCALL with the number in RAX and up to five arguments in RDI, RSI, RDX,
// R10, R8; the result returns in RAX. RCX and R11 are clobbered.
const (
	HypercallSetTrapTable     = 0
	HypercallMMUUpdate        = 1
	HypercallSetGDT           = 2
	HypercallStackSwitch      = 3
	HypercallSetCallbacks     = 4
	HypercallFPUTaskswitch    = 5
	HypercallSchedOpCompat    = 6
	HypercallPlatformOp       = 7
	HypercallSetDebugreg      = 8
	HypercallGetDebugreg      = 9
	HypercallUpdateDescriptor = 10
	HypercallMemoryOp         = 12
	HypercallMulticall        = 13
	HypercallUpdateVAMapping  = 14
	HypercallSetTimerOp       = 15
	HypercallXenVersion       = 17
	HypercallConsoleIO        = 18
	HypercallGrantTableOp     = 20
	HypercallVMAssist         = 21
	HypercallUpdateVAOther    = 22
	HypercallIret             = 23
	HypercallVcpuOp           = 24
	HypercallSetSegmentBase   = 25
	HypercallMMUExtOp         = 26
	HypercallSchedOp          = 29
	HypercallCallbackOp       = 30
	HypercallEventChannelOp   = 32
	HypercallPhysdevOp        = 33
	HypercallSysctl           = 35
	HypercallDomctl           = 36

	// HypercallSelfCheck is arch_7, which Xen leaves to private use: resvirt's
	// VMM creates and destroys a domain and checks its invariants.
	HypercallSelfCheck = 55

	// NumHypercalls bounds a dispatch table; the hypercall page has a stub of
	// HypercallStubBytes for each number.
	NumHypercalls      = 64
	HypercallStubBytes = 32
)

// Errno values (errno.h); a hypercall that fails returns the negative.
const (
	EPERM        = 1
	ENOENT       = 2
	ESRCH        = 3
	EINTR        = 4
	EIO          = 5
	E2BIG        = 7
	ENOEXEC      = 8
	EBADF        = 9
	ECHILD       = 10
	EAGAIN       = 11
	ENOMEM       = 12
	EACCES       = 13
	EFAULT       = 14
	EBUSY        = 16
	EEXIST       = 17
	ENODEV       = 19
	EINVAL       = 22
	ENFILE       = 23
	EMFILE       = 24
	ENOTTY       = 25
	ENOSPC       = 28
	ESPIPE       = 29
	EPIPE        = 32
	ENOSYS       = 38
	ENODATA      = 61
	ETIME        = 62
	ERESTART     = 85
	EOPNOTSUPP   = 95
	EADDRINUSE   = 98
	EMSGSIZE     = 90
	EISCONN      = 106
	EHOSTUNREACH = 113
	ENOTCONN     = 107
	ETIMEDOUT    = 110
)

// Domain identifiers with a meaning of their own (xen.h).
const (
	DomidFirstReserved = 0x7ff0
	DomidSelf          = 0x7ff0
	DomidIO            = 0x7ff1
	DomidXen           = 0x7ff2
	DomidInvalid       = 0x7ff4
	DomidIdle          = 0x7fff
)

// MulticallEntry is one call of a multicall (xen.h, multicall_entry).
type MulticallEntry struct {
	Op     uint64
	Result int64
	Args   [6]uint64
}

// console_io commands (xen.h): write(1st = count, 2nd = buffer).
const (
	ConsoleIOWrite = 0
	ConsoleIORead  = 1
)

// vm_assist commands and types (xen.h).
const (
	VMAssistEnable  = 0
	VMAssistDisable = 1

	VMAssist4GBSegments        = 0
	VMAssist4GBSegmentsNotify  = 1
	VMAssistWritablePagetables = 2
	VMAssistPAEExtendedCR3     = 3
	VMAssistArchitecturalIOPL  = 4
	VMAssistRunstateUpdateFlag = 5
	VMAssistM2PStrict          = 32
)

// xen_version commands (version.h).
const (
	XenverVersion      = 0
	XenverExtraversion = 1
	XenverCapabilities = 3
	XenverPlatform     = 5
	XenverGetFeatures  = 6
	XenverPagesize     = 7
	XenverGuestHandle  = 8
	XenverCommandline  = 9
	XenverBuildID      = 10

	XenverCompileInfo = 2
	XenverChangeset   = 4

	// Version is what XENVER_version returns: major<<16 | minor.
	Version = 4<<16 | 17
)

// FeatureInfo is xen_feature_info (version.h): SubmapIdx in, Submap out.
type FeatureInfo struct {
	SubmapIdx uint32
	Submap    uint32
}

// Bits of feature submap 0 (features.h).
const (
	FeatWritablePageTables       = 0
	FeatWritableDescriptorTables = 1
	FeatAutoTranslatedPhysmap    = 2
	FeatSupervisorModeKernel     = 3
	FeatPaePgdirAbove4GB         = 4
	FeatMMUPtUpdatePreserveAD    = 5
	FeatGnttabMapAvailBits       = 7
	FeatDom0                     = 11
	FeatMemoryOpVnode            = 13
)
