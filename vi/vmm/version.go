package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// hyperXenVersion is xen_version.
func hyperXenVersion(cmd, arg, _, _, _ uint64) int64 {
	switch cmd {
	case abi.XenverVersion:
		return abi.Version
	case abi.XenverExtraversion:
		var s [16]byte
		copy(s[:], ".0-resvirt")
		return putText(arg, unsafe.Pointer(&s), 16)
	case abi.XenverCapabilities:
		var s [64]byte
		copy(s[:], "xen-3.0-x86_64")
		return putText(arg, unsafe.Pointer(&s), 64)
	case abi.XenverCompileInfo:
		var info [64 + 16 + 32 + 32]byte // compiler, by, domain, date
		copy(info[:64], "Go")
		copy(info[64:80], "resvirt")
		return putText(arg, unsafe.Pointer(&info), uint64(len(info)))
	case abi.XenverChangeset, abi.XenverGuestHandle, abi.XenverCommandline:
		// These commands return nothing that a guest should know.
		var none [64]byte
		n := uint64(64)
		if cmd == abi.XenverGuestHandle {
			n = 16
		}
		return putText(arg, unsafe.Pointer(&none), n)
	case abi.XenverBuildID:
		return -abi.ENODATA
	case abi.XenverPlatform:
		start := uint64(abi.HypervisorVirtStart)
		return putText(arg, unsafe.Pointer(&start), 8)
	case abi.XenverGetFeatures:
		var f abi.FeatureInfo
		if !fromGuest(unsafe.Pointer(&f), arg, uint64(unsafe.Sizeof(f))) {
			return -abi.EFAULT
		}
		f.Submap = 0
		if f.SubmapIdx == 0 {
			f.Submap = 1<<abi.FeatMMUPtUpdatePreserveAD | 1<<abi.FeatGnttabMapAvailBits
			if current().domain.assist>>abi.VMAssistPAEExtendedCR3&1 != 0 {
				f.Submap |= 1 << abi.FeatPaePgdirAbove4GB
			}
		}
		return putText(arg, unsafe.Pointer(&f), uint64(unsafe.Sizeof(f)))
	case abi.XenverPagesize:
		return pageSize
	}
	return -abi.ENOSYS
}

func putText(at uint64, p unsafe.Pointer, n uint64) int64 {
	if !toGuest(at, p, n) {
		return -abi.EFAULT
	}
	return 0
}

// vmAssists are the assists that Xen has for guests on x86. Of these only
// writable page tables, architectural_iopl and the flag in run states change anything
// for a 64-bit guest here: the M2P table is read-only for user mode as well.
const vmAssists = 1<<abi.VMAssist4GBSegments | 1<<abi.VMAssist4GBSegmentsNotify |
	1<<abi.VMAssistWritablePagetables | 1<<abi.VMAssistPAEExtendedCR3 | 1<<abi.VMAssistArchitecturalIOPL |
	1<<abi.VMAssistRunstateUpdateFlag | 1<<abi.VMAssistM2PStrict

// hyperVMAssist is vm_assist.
func hyperVMAssist(cmd, kind, _, _, _ uint64) int64 {
	if kind >= 64 || vmAssists>>kind&1 == 0 {
		return -abi.EINVAL
	}
	d := current().domain
	switch cmd {
	case abi.VMAssistEnable:
		setBits(&d.assist, 1<<kind)
	case abi.VMAssistDisable:
		clearBits(&d.assist, 1<<kind)
	default:
		return -abi.ENOSYS
	}
	return 0
}
