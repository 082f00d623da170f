package abi

// SysctlVersion is XEN_SYSCTL_INTERFACE_VERSION of Xen 4.17 (sysctl.h).
const SysctlVersion = 0x15

// Sysctl is xen_sysctl (sysctl.h): U holds the structure that belongs to Cmd.
type Sysctl struct {
	Cmd     uint32
	Version uint32
	U       [16]uint64
}

// sysctl commands (sysctl.h).
const (
	SysctlReadConsole = 1
	SysctlPhysInfo    = 3
	SysctlSchedID     = 4
	SysctlDomainList  = 6
)

// SysctlConsole is xen_sysctl_readconsole. Count is in and out, Index too if
// Incremental is set.
type SysctlConsole struct {
	Clear       uint8
	Incremental uint8
	_           [2]uint8
	Index       uint32
	Buffer      uint64
	Count       uint32
	_           uint32
}

// SysctlPhysical is xen_sysctl_physinfo.
type SysctlPhysical struct {
	ThreadsPerCore   uint32
	CoresPerSocket   uint32
	NrCPUs           uint32
	MaxCPUID         uint32
	NrNodes          uint32
	MaxNodeID        uint32
	CPUKHz           uint32
	Capabilities     uint32 // PhyscapX
	ArchCapabilities uint32
	_                uint32
	TotalPages       uint64
	FreePages        uint64
	ScrubPages       uint64
	OutstandingPages uint64
	MaxMFN           uint64
	HWCap            [8]uint32
}

// PhyscapPV in SysctlPhysical.Capabilities: PV guests can run.
const PhyscapPV = 1 << 1

// SysctlDomains is xen_sysctl_getdomaininfolist: Buffer points to
// DomctlDomainInfo structures.
type SysctlDomains struct {
	First  uint16
	_      uint16
	Max    uint32
	Buffer uint64
	Num    uint32 // out
	_      uint32
}
