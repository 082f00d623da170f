package main

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/abi"
)

// hyperMMUUpdate is mmu_update: changes of page-table entries by machine address,
// and of the machine-to-physical table. In foreign the control domain may name
// two other domains: in the lower half the one whose frames may be mapped, in the
// upper half, plus one, the owner of the page tables, if that is not the caller.
func hyperMMUUpdate(reqs, n, pdone, foreign, _ uint64) int64 {
	d, rc := target(uint16(foreign))
	if rc != 0 {
		return rc
	}
	owner := current().domain
	if foreign>>16 != 0 {
		owner, rc = target(uint16(foreign>>16) - 1)
	}
	if rc == 0 {
		rc = mmuUpdates(owner, d, reqs, n, pdone, foreign)
		putTarget(owner)
	}
	putTarget(d)
	return rc
}

// mmuUpdates does requests on page tables of owner that map frames of d.
func mmuUpdates(owner, d *Domain, reqs, n, pdone, foreign uint64) int64 {
	v := current()
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
	first := log.parts()
	for i := first; i < n; i++ {
		if i != first && preemptCheck() {
			v.arch.mmuDone = done + i
			return continueHypercall(abi.HypercallMMUUpdate, reqs+i*16, n-i|abi.MMUPreemptedBit, pdone, foreign)
		}
		var req abi.MMUUpdate
		if !fromGuest(unsafe.Pointer(&req), reqs+i*16, 16) {
			rc = -abi.EFAULT
		} else {
			rc = mmuUpdate(owner, d, req.Ptr, req.Val)
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

// mmuUpdate does one request on a table of owner; frames of d may be mapped.
func mmuUpdate(owner, d *Domain, at, val uint64) int64 {
	m := mfn(at >> pageShift)
	if !frameOK(m) {
		return -abi.EINVAL
	}
	p := pageOf(m)
	if at&3 == abi.MMUMachphysUpdate {
		owner = d
	}
	if !p.get(owner) {
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
				rc = modForeign(e, val, t, owner, d)
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

// modForeign is modEntry for a table of owner: entries of the lowest level may
// map d's frames, but not those that the hypervisor shares with it.
func modForeign(e *uint64, val, t uint64, owner, d *Domain) int64 {
	if owner == d || t != ptL1 {
		return modEntry(e, val, t, owner)
	}
	m := pteFrame(val)
	if val&pteP != 0 && frameOK(m) && pageOf(m).count&pgHeap != 0 {
		return -abi.EINVAL
	}
	if val&(pteP|pteW) != pteP|pteW {
		return modEntry(e, val, t, d)
	}
	rc := getPageAndType(m, d, ptWritable)
	if rc == 0 {
		pageOf(m).markForeign()
		rc = modEntry(e, val, t, d)
		putPageAndType(pageOf(m))
	}
	return rc
}

// hyperUpdateVAMapping is update_va_mapping: changes the entry that maps an
// address in the current address space.
func hyperUpdateVAMapping(va, val, flags, _, _ uint64) int64 {
	return updateVA(va, val, flags, current().domain)
}

// hyperUpdateVAOther is update_va_mapping_otherdomain: the frame is another's.
func hyperUpdateVAOther(va, val, flags, foreign, _ uint64) int64 {
	d, rc := target(uint16(foreign))
	if rc == 0 {
		rc = updateVA(va, val, flags, d)
		putTarget(d)
	}
	return rc
}

// updateVA changes the entry that maps an address. The new frame may belong to
// another domain.
func updateVA(va, val, flags uint64, other *Domain) int64 {
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
			rc = modForeign(&tableAt(m)[va>>12&511], val, ptL1, d, other)
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

// walkToL1 finds the L1 table for an address, 0 if there is none. No reference or
// lock is held: other vCPUs may change the tables meanwhile and give their frames
// back, so that an entry may have any content. The result is only a frame number:
// the caller must check its owner and type.
func walkToL1(root mfn, va uint64) mfn {
	for shift := uint(39); shift > 12; shift -= 9 {
		if !frameOK(root) {
			return 0
		}
		e := atomic.LoadUint64(&tableAt(root)[va>>shift&511])
		if e&(pteP|ptePS) != pteP {
			return 0
		}
		root = pteFrame(e)
	}
	if !frameOK(root) {
		return 0
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

// setM2P records the number under which a guest knows a machine frame.
func setM2P(m mfn, pfn uint64) { setLogged((*uint64)(dmap(m2pPhys+uint64(m)*8)), pfn) }

// m2pPhys is the physical address of the machine-to-physical table; guests read
// it at m2pBase.
var m2pPhys uint64
