package abi

// DomctlVersion is XEN_DOMCTL_INTERFACE_VERSION of Xen 4.17 (domctl.h); a
// caller of another version is refused with EACCES.
const DomctlVersion = 0x15

// Domctl is xen_domctl (domctl.h): U holds the structure that belongs to Cmd.
type Domctl struct {
	Cmd     uint32
	Version uint32
	Domain  uint16
	_       [6]uint8
	U       [16]uint64
}

// domctl commands (domctl.h).
const (
	DomctlCreate          = 1
	DomctlDestroy         = 2
	DomctlPause           = 3
	DomctlUnpause         = 4
	DomctlGetInfo         = 5
	DomctlSetAffinity     = 9
	DomctlMaxMem          = 11
	DomctlSetVcpuContext  = 12
	DomctlGetVcpuContext  = 13
	DomctlGetVcpuInfo     = 14
	DomctlMaxVcpus        = 15
	DomctlSchedulerOp     = 16
	DomctlIRQPermission   = 19
	DomctlIOMemPermission = 20
	DomctlPortPermission  = 21
	DomctlHypercallInit   = 22
	DomctlGetAffinity     = 25
	DomctlAssignDevice    = 37
	DomctlTestAssign      = 45
	DomctlDeassignDevice  = 47
	DomctlGetPageFrames   = 61
	DomctlGetPageFrameMax = 1024 // most frames of one DomctlGetPageFrames
)

// DomctlCreateDomain is xen_domctl_createdomain.
type DomctlCreateDomain struct {
	SSIDRef         uint32
	Handle          [16]uint8
	Flags           uint32 // CDF; 0 is a PV guest
	IOMMUOpts       uint32
	MaxVcpus        uint32
	MaxEvtchnPort   uint32
	MaxGrantFrames  int32
	MaxMaptrack     int32
	GrantOpts       uint32
	VMTraceSize     uint32
	CPUPoolID       uint32
	EmulationFlags  uint32 // xen_arch_domainconfig
	ArchMiscellanea uint32
}

// DomctlCreateDomain.GrantOpts: the highest version of grant tables, in the low
// four bits; all of them set leave it to the hypervisor. 0 is refused.
const (
	DomctlGrantVersionMask    = 0xf
	DomctlGrantVersionDefault = 0xf
)

// DomctlDomainInfo is xen_domctl_getdomaininfo.
type DomctlDomainInfo struct {
	Domain           uint16
	_                uint16
	Flags            uint32 // DominfX
	TotPages         uint64
	MaxPages         uint64
	OutstandingPages uint64
	ShrPages         uint64
	PagedPages       uint64
	SharedInfoFrame  uint64
	CPUTime          uint64 // ns
	NrOnlineVcpus    uint32
	MaxVcpuID        uint32
	SSIDRef          uint32
	Handle           [16]uint8
	CPUPool          uint32
	GpaddrBits       uint8
	_                [7]uint8
	EmulationFlags   uint32
	ArchMiscellanea  uint32
}

// DomctlDomainInfo.Flags; the reason of a shutdown stands above its shift.
const (
	DominfDying         = 1 << 0
	DominfShutdown      = 1 << 2
	DominfPaused        = 1 << 3
	DominfBlocked       = 1 << 4
	DominfRunning       = 1 << 5
	DominfShutdownShift = 16
)

// DomctlVcpuContext is xen_domctl_vcpucontext; Context points to a
// VcpuGuestContext.
type DomctlVcpuContext struct {
	Vcpu    uint32
	_       uint32
	Context uint64
}

// DomctlVcpuInfo is xen_domctl_getvcpuinfo; all but Vcpu is out.
type DomctlVcpuInfo struct {
	Vcpu    uint32
	Online  uint8
	Blocked uint8
	Running uint8
	_       uint8
	CPUTime uint64 // ns
	CPU     uint32
	_       uint32
}

// DomctlAffinity is xen_domctl_vcpuaffinity, with its two bitmaps.
type DomctlAffinity struct {
	Vcpu       uint32
	Flags      uint32 // AffinityX: which of the bitmaps count
	Hard, Soft Bitmap
}

// Bitmap is xenctl_bitmap: Bits points to bytes, bit 0 of the first is CPU 0.
type Bitmap struct {
	Bits   uint64
	NrBits uint32
	_      uint32
}

// DomctlAffinity.Flags
const (
	AffinityHard = 1 << 0
	AffinitySoft = 1 << 1
)

// DomctlScheduler is xen_domctl_scheduler_op with its credit scheduler's part.
type DomctlScheduler struct {
	SchedID uint32 // SchedulerCredit
	Cmd     uint32 // SchedopPutInfo, SchedopGetInfo
	Weight  uint16
	Cap     uint16
	_       [12]uint8
}

// Scheduler and commands of DomctlScheduler.
const (
	SchedulerCredit = 5
	SchedopPutInfo  = 0
	SchedopGetInfo  = 1
)

// DomctlPageFrames is xen_domctl_getpageframeinfo3: Array points to frame
// numbers, each replaced by its type.
type DomctlPageFrames struct {
	Num   uint64
	Array uint64
}

// Types of frames in a DomctlPageFrames: above the shift the level of a page
// table, or one of the others.
const (
	PageFrameShift  = 28
	PageFramePinned = 1 << 31
	PageFrameXTab   = 0xf << 28 // no frame of the domain
)

// DomctlIRQAccess is xen_domctl_irq_permission.
type DomctlIRQAccess struct {
	Pirq  uint8
	Allow uint8
}

// DomctlIOMemAccess is xen_domctl_iomem_permission.
type DomctlIOMemAccess struct {
	First, Num uint64 // frames
	Allow      uint8
}

// DomctlPortAccess is xen_domctl_ioport_permission.
type DomctlPortAccess struct {
	First, Num uint32
	Allow      uint8
}

// DomctlDevice is xen_domctl_assign_device for a PCI device: segment, bus and
// devfn stand in SBDF as in its name.
type DomctlDevice struct {
	Dev   uint32 // DomctlDevPCI
	Flags uint32
	SBDF  uint32
}

// DomctlDevice.Dev
const DomctlDevPCI = 0
