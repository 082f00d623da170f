package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// hyperMMUUpdate is mmu_update: changes of page-table entries by machine
// address, and of the machine-to-physical table.
func hyperMMUUpdate(reqs, n, pdone, foreign, _ uint64) int64 {
	v := current()
	d := self(uint16(foreign))
	if d == nil || foreign>>16 != 0 {
		return -abi.ESRCH
	}
	done := uint64(0)
	if n&abi.MMUPreemptedBit != 0 {
		n &^= abi.MMUPreemptedBit
		done = v.arch.mmuDone
	}
	if !guestRange(reqs, n*16) {
		return -abi.EFAULT
	}
	rc := int64(0)
	log := &v.arch.log
	for i := log.parts(); i < n; i++ {
		if i != 0 && preemptCheck() {
			v.arch.mmuDone = done + i
			return continueHypercall(abi.HypercallMMUUpdate, reqs+i*16, n-i|abi.MMUPreemptedBit, pdone, foreign)
		}
		var req abi.MMUUpdate
		if !fromGuest(unsafe.Pointer(&req), reqs+i*16, 16) {
			rc = -abi.EFAULT
		} else {
			rc = mmuUpdate(d, req.Ptr, req.Val)
		}
		if rc != 0 {
			done += i
			n = 0
		}
		log.part(i + 1)
	}
	if rc == 0 {
		done += n
	}
	count := uint32(done)
	if pdone != 0 && !toGuest(pdone, unsafe.Pointer(&count), 4) {
		return -abi.EFAULT
	}
	return rc
}

// mmuUpdate does one request.
func mmuUpdate(d *Domain, at, val uint64) int64 {
	m := mfn(at >> pageShift)
	if !frameOK(m) {
		return -abi.EINVAL
	}
	p := pageOf(m)
	if !p.get(d) {
		return -abi.EINVAL
	}
	rc := int64(-abi.EINVAL)
	switch at & 3 {
	case abi.MMUNormalPTUpdate, abi.MMUPTUpdatePreserveAD:
		slot := int(at&pageMask) / 8
		e := &tableAt(m)[slot]
		if at&3 == abi.MMUPTUpdatePreserveAD {
			val |= *e & (pteA | pteD)
		}
		if p.lockTable() {
			if t := p.typ & ptTypeMask; isTableType(t) && !(t == ptL4 && isHypervisorSlot(slot)) {
				rc = modEntry(e, val, t, d)
			} else if t == ptWritable {
				setLogged(e, val)
				rc = 0
			}
			p.unlockTable()
		} else if p.getType(ptWritable) == 0 {
			setLogged(e, val)
			rc = 0
			p.putType()
		}
	case abi.MMUMachphysUpdate:
		setM2P(m, val)
		rc = 0
	}
	p.put()
	return rc
}

// hyperUpdateVAMapping is update_va_mapping: changes the entry that maps an
// address in the current address space.
func hyperUpdateVAMapping(va, val, flags, _, _ uint64) int64 {
	v := current()
	d := v.domain
	if isHypervisorAddr(va) {
		return -abi.EINVAL
	}
	m := walkToL1(v.arch.guestTable, va)
	if m == 0 {
		return -abi.EINVAL
	}
	p := pageOf(m)
	if !p.get(d) {
		return -abi.EINVAL
	}
	rc := int64(-abi.EINVAL)
	if p.lockTable() {
		if p.typ&ptTypeMask == ptL1 {
			rc = modEntry(&tableAt(m)[va>>12&511], val, ptL1, d)
		}
		p.unlockTable()
	}
	p.put()
	if rc != 0 || flags&abi.UVMFTypeMask == 0 {
		return rc
	}
	target := va
	if flags&abi.UVMFTypeMask == abi.UVMFTLBFlush {
		target = flushAll
	}
	mask, err := uint64(1)<<this().ID, int64(0)
	switch rest := flags &^ abi.UVMFTypeMask; rest {
	case abi.UVMFLocal:
	case abi.UVMFAll:
		mask = d.dirty()
	default:
		mask, err = vcpuMask(d, rest)
	}
	if err == 0 {
		flushMask(mask, target)
	}
	return err
}

// walkToL1 finds the L1 table for an address, 0 if there is none.
func walkToL1(root mfn, va uint64) mfn {
	for shift := uint(39); shift > 12; shift -= 9 {
		e := tableAt(root)[va>>shift&511]
		if e&pteP == 0 {
			return 0
		}
		root = pteFrame(e)
		assert(frameOK(root))
	}
	return root
}

// vcpuMask reads a guest's mask of vCPUs and returns the CPUs they run on.
func vcpuMask(d *Domain, at uint64) (uint64, int64) {
	var vcpus uint64
	if !fromGuest(unsafe.Pointer(&vcpus), at, 8) {
		return 0, -abi.EFAULT
	}
	mask := uint64(0)
	for i := uint32(0); i < d.nvcpus; i++ {
		if vcpus>>i&1 != 0 && d.vcpu[i].isRunning != 0 {
			mask |= 1 << d.vcpu[i].cpu
		}
	}
	return mask & d.dirty(), 0
}

// setM2P records what frame number a guest gives to a machine frame.
func setM2P(m mfn, pfn uint64) { setLogged((*uint64)(dmap(m2pPhys+uint64(m)*8)), pfn) }

// m2pPhys is where the machine-to-physical table lies; guests read it at m2pBase.
var m2pPhys uint64
