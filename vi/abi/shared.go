package abi

// LegacyMaxVcpus is the number of vCPUs with a place in SharedInfo.
const LegacyMaxVcpus = 32

// NumEvtchn2L is the number of event channels of the two-level interface.
const NumEvtchn2L = 64 * 64

// ArchVcpuInfo is arch_vcpu_info (xen-x86_64.h).
type ArchVcpuInfo struct {
	CR2 uint64
	_   uint64
}

// VcpuTimeInfo is vcpu_time_info (xen.h): system time is
// SystemTime + (((tsc-TSCTimestamp) << TSCShift) * TSCToSystemMul >> 32);
// an odd Version means that an update is in progress.
type VcpuTimeInfo struct {
	Version        uint32
	_              uint32
	TSCTimestamp   uint64
	SystemTime     uint64 // ns since boot
	TSCToSystemMul uint32
	TSCShift       int8
	Flags          uint8
	_              [2]uint8
}

// VcpuInfo is vcpu_info (xen.h), 64 bytes.
type VcpuInfo struct {
	EvtchnUpcallPending uint8
	EvtchnUpcallMask    uint8
	_                   [6]uint8
	EvtchnPendingSel    uint64
	Arch                ArchVcpuInfo
	Time                VcpuTimeInfo
}

// ArchSharedInfo is arch_shared_info (arch-x86/xen.h).
type ArchSharedInfo struct {
	MaxPFN                uint64
	PfnToMfnFrameListList uint64
	NMIReason             uint64
	P2MCR3                uint64
	P2MVaddr              uint64
	P2MGeneration         uint64
}

// SharedInfo is shared_info (xen.h).
type SharedInfo struct {
	VcpuInfo      [LegacyMaxVcpus]VcpuInfo
	EvtchnPending [64]uint64
	EvtchnMask    [64]uint64
	WCVersion     uint32
	WCSec         uint32
	WCNsec        uint32
	WCSecHi       uint32
	Arch          ArchSharedInfo
}
