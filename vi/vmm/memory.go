package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// hyperMemoryOp is memory_op. A continuation keeps the number of extents done
// above the command.
func hyperMemoryOp(cmd, arg, _, _, _ uint64) int64 {
	d := current().domain
	start := cmd >> abi.MemopExtentShift
	switch cmd & abi.MemopCmdMask {
	case abi.XenmemMaximumRAMPage:
		return int64(frames.n - 1)
	case abi.XenmemCurrentReservation:
		return int64(d.totPages)
	case abi.XenmemMaximumReservation:
		return int64(d.maxPages)
	case abi.XenmemMachphysMapping:
		m := abi.MachphysMapping{VStart: m2pBase, VEnd: m2pBase + frames.n*8, MaxMFN: frames.n - 1}
		if !toGuest(arg, unsafe.Pointer(&m), uint64(unsafe.Sizeof(m))) {
			return -abi.EFAULT
		}
		return 0
	case abi.XenmemMemoryMap:
		return memoryMap(d, arg)
	case abi.XenmemExchange:
		return exchangeMemory(d, arg)
	case abi.XenmemAddToPhysmap:
		return -abi.EACCES // for translated guests alone
	case abi.XenmemMachineMemoryMap:
		return -abi.EPERM
	case abi.XenmemIncreaseReservation, abi.XenmemPopulatePhysmap, abi.XenmemDecreaseReservation:
		var r abi.MemoryReservation
		if !fromGuest(unsafe.Pointer(&r), arg, uint64(unsafe.Sizeof(r))) {
			return -abi.EFAULT
		}
		if r.ExtentOrder != 0 || r.NrExtents > 1<<20 || start > r.NrExtents {
			return int64(start)
		}
		d, rc := target(r.Domid)
		if rc == 0 {
			rc = changeReservation(d, cmd, arg, &r)
			putTarget(d)
		}
		return rc
	}
	return -abi.ENOSYS
}

// changeReservation gives or takes single frames, one after the other, and
// returns the number done.
func changeReservation(d *Domain, cmd, arg uint64, r *abi.MemoryReservation) int64 {
	op := cmd & abi.MemopCmdMask
	begin, log := cmd>>abi.MemopExtentShift, &current().arch.log
	first := begin + log.parts()
	i := first
	for ; i < r.NrExtents; log.part(i - begin) {
		if i != first && preemptCheck() {
			return continueHypercall(abi.HypercallMemoryOp, op|i<<abi.MemopExtentShift, arg, 0, 0)
		}
		if !changeExtent(d, op, i, r.ExtentStart) {
			break
		}
		i++
	}
	return int64(i)
}

// changeExtent gives or takes the frame with a number in the guest's list. A
// call that a recovery discarded may have overwritten the list already: the log
// has what stood there, and the new frame.
func changeExtent(d *Domain, op, i, list uint64) bool {
	log, at := &current().arch.log, list+i*8
	redo := again() && log.undo == i+1
	frame := log.pfn
	if op != abi.XenmemIncreaseReservation && !redo && !fromGuest(unsafe.Pointer(&frame), at, 8) {
		return false
	}
	if op == abi.XenmemDecreaseReservation {
		return removeFrame(d, mfn(frame)) || again()
	}
	m := log.page
	if !redo || m == 0 || pageOf(m).owner != d.frame32() {
		log.undo = 0
		m = allocFrames(0)
		log.page, log.pfn = m, frame
		log.undo = i + 1
		if m == 0 || !giveDomainPage(d, m) {
			return false
		}
	}
	if op == abi.XenmemPopulatePhysmap {
		setM2P(m, frame)
	}
	frame = uint64(m)
	if list != 0 && !toGuest(at, unsafe.Pointer(&frame), 8) {
		pageOf(m).dropAllocation()
		return false
	}
	return true
}

// removeFrame takes a frame from a domain; it is freed when nothing maps it.
func removeFrame(d *Domain, m mfn) bool {
	if !frameOK(m) || pageOf(m).count&pgHeap != 0 || !pageOf(m).get(d) {
		return false
	}
	p := pageOf(m)
	if testAndClearFlag(&p.typ, ptPinned) {
		putPageAndType(p)
	}
	setM2P(m, ^uint64(0))
	ok := p.dropAllocation()
	p.put()
	return ok
}
