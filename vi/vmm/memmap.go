package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// memoryMap is XENMEM_memory_map: the pseudo-physical memory that the domain
// was started with, one piece of RAM from 0 on.
func memoryMap(d *Domain, arg uint64) int64 {
	var m abi.MemoryMap
	if !fromGuest(unsafe.Pointer(&m), arg, uint64(unsafe.Sizeof(m))) {
		return -abi.EFAULT
	}
	if d.mapPages == 0 {
		return -abi.ENOSYS
	}
	if m.NrEntries < 1 {
		return -abi.EINVAL
	}
	e := abi.E820Entry{Size: d.mapPages << pageShift, Kind: 1}
	m.NrEntries = 1
	if !toGuest(m.Buffer, unsafe.Pointer(&e), abi.E820EntrySize) || !toGuest(arg, unsafe.Pointer(&m), uint64(unsafe.Sizeof(m))) {
		return -abi.EFAULT
	}
	return 0
}

// exchangeMemory is XENMEM_exchange for single frames: each is replaced by a
// new one. The number of frames done is written to the argument, so that the
// call can be issued again.
func exchangeMemory(d *Domain, arg uint64) int64 {
	var x abi.MemoryExchange
	if !fromGuest(unsafe.Pointer(&x), arg, uint64(unsafe.Sizeof(x))) {
		return -abi.EFAULT
	}
	in, out := &x.In, &x.Out
	switch {
	case self(in.Domid) == nil || in.Domid != out.Domid:
		return -abi.EPERM
	case in.ExtentOrder != 0 || out.ExtentOrder != 0:
		return -abi.ENOMEM // several contiguous frames are not given out
	case in.NrExtents != out.NrExtents || in.NrExtents > 1<<20 || x.NrExchanged > in.NrExtents:
		return -abi.EINVAL
	}
	for done := x.NrExchanged; done < in.NrExtents; {
		if rc := exchangeFrame(d, in.ExtentStart+8*done, out.ExtentStart+8*done); rc != 0 {
			return rc
		}
		done++
		if !toGuest(arg+uint64(unsafe.Offsetof(x.NrExchanged)), unsafe.Pointer(&done), 8) {
			return -abi.EFAULT
		}
		if done < in.NrExtents && preemptCheck() {
			return continueHypercall(abi.HypercallMemoryOp, abi.XenmemExchange, arg, 0, 0)
		}
	}
	return 0
}

// exchangeFrame takes the frame that stands at one address and writes a new
// one's number to the other, where the guest's number for it stands.
func exchangeFrame(d *Domain, from, to uint64) int64 {
	var frame, pfn uint64
	if !fromGuest(unsafe.Pointer(&frame), from, 8) || !fromGuest(unsafe.Pointer(&pfn), to, 8) {
		return -abi.EFAULT
	}
	if !frameOK(mfn(frame)) || pageOf(mfn(frame)).count != pgAllocated|1 || pageOf(mfn(frame)).owner != d.frame32() {
		return -abi.EINVAL // not the domain's, or in use
	}
	if !removeFrame(d, mfn(frame)) {
		return -abi.EINVAL
	}
	commit() // now the frame is free and can be used for the next one
	m := allocDomainPage(d)
	if m == 0 {
		return -abi.ENOMEM
	}
	setM2P(m, pfn)
	frame = uint64(m)
	if !toGuest(to, unsafe.Pointer(&frame), 8) {
		return -abi.EFAULT
	}
	return 0
}
