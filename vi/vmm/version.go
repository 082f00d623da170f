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
			f.Submap = 1 << abi.FeatMMUPtUpdatePreserveAD
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

// hyperVMAssist is vm_assist. No assist changes anything here: a guest that
// enables writable page tables would have them emulated, which is refused.
func hyperVMAssist(cmd, kind, _, _, _ uint64) int64 {
	if kind != abi.VMAssistRunstateUpdateFlag && kind != abi.VMAssistArchitecturalIOPL && kind != abi.VMAssistM2PStrict {
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
