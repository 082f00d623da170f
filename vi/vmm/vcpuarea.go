package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// Places in guest memory at which the VMM keeps data for guests: the vcpu_info
// in a page of the guest's choice, and copies of run state and clock at
// addresses of its choice.

// registerInfo is VCPUOP_register_vcpu_info. The frame stays in use, as
// writable, until the domain ends.
func (v *VCPU) registerInfo(m mfn, offset uint64) int64 {
	switch {
	case offset > pageSize-uint64(unsafe.Sizeof(abi.VcpuInfo{})) || offset&7 != 0:
		return -abi.EINVAL
	case v.infoFrame != 0 && !(again() && v.infoFrame == m):
		return -abi.EINVAL
	case v != current() && v.pause&pauseDown == 0:
		return -abi.EINVAL
	}
	myJournal().skip() // the journal cannot take back changes outside the frame table
	if v.infoFrame == 0 {
		if rc := holdFrame(v.domain, m); rc != 0 {
			return rc
		}
	}
	info := (*abi.VcpuInfo)(unsafe.Add(frameAddr(m), offset))
	if v.info != nil {
		*info = *v.info
	} else {
		*info = abi.VcpuInfo{EvtchnUpcallMask: 1}
	}
	v.infoFrame, v.info = m, info
	// An event that came meanwhile is pending in the old structure or the new
	// one: let the guest look at all words.
	setBits(&info.EvtchnPendingSel, ^uint64(0))
	info.EvtchnUpcallPending = 1
	updateGuestTime(v)
	return 0
}

// dropInfo gives the frame of v's vcpu_info back; v runs no more.
func (v *VCPU) dropInfo() {
	if v.infoFrame != 0 {
		v.info = &v.domain.shared.VcpuInfo[v.id%abi.LegacyMaxVcpus]
		dropFrame(&v.infoFrame)
	}
}

// registerArea is VCPUOP_register_runstate_memory_area or _vcpu_time_memory_area:
// arg points to the address.
func (v *VCPU) registerArea(area *uint64, arg, size uint64) int64 {
	var va uint64
	if !fromGuest(unsafe.Pointer(&va), arg, 8) {
		return -abi.EFAULT
	}
	if va != 0 && !guestRange(va, size) {
		return -abi.EINVAL
	}
	*area = va
	if v == current() {
		v.showAreas()
	}
	return 0
}

// showRunstate writes the run state. A guest that asked for it sees by the top
// bit of the entry time that an update is in progress (vcpu.h).
func (v *VCPU) showRunstate(info *abi.VcpuRunstateInfo) {
	const size, entryTime = uint64(unsafe.Sizeof(*info)), uint64(unsafe.Offsetof(info.StateEntryTime))
	flag := v.domain.assist>>abi.VMAssistRunstateUpdateFlag&1 != 0
	if flag {
		info.StateEntryTime |= abi.RunstateUpdate
		toGuest(v.runstateVA+entryTime, unsafe.Pointer(&info.StateEntryTime), 8)
	}
	toGuest(v.runstateVA, unsafe.Pointer(info), size)
	if flag {
		info.StateEntryTime &^= abi.RunstateUpdate
		toGuest(v.runstateVA+entryTime, unsafe.Pointer(&info.StateEntryTime), 8)
	}
}

// showAreas brings v's copies up to date. v is current. It uses the address
// space of v's kernel, because the registered addresses need not be mapped in
// user mode.
func (v *VCPU) showAreas() {
	if v.runstateVA|v.timeVA == 0 {
		return
	}
	user := !v.kernelMode()
	if user {
		writeCR3(v.rootOf(true))
	}
	if v.runstateVA != 0 {
		var info abi.VcpuRunstateInfo
		v.runstate(&info)
		v.showRunstate(&info)
	}
	if v.timeVA != 0 && v.info != nil {
		t := v.info.Time
		toGuest(v.timeVA, unsafe.Pointer(&t), uint64(unsafe.Sizeof(t)))
	}
	if user {
		writeCR3(v.cr3())
	}
}
