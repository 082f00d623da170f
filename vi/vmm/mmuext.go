package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

const mmuextSize = uint64(unsafe.Sizeof(abi.MMUExtOp{}))

// hyperMMUExtOp is mmuext_op: operations on whole page tables and on TLBs.
func hyperMMUExtOp(ops, n, pdone, foreign, _ uint64) int64 {
	d, rc := target(uint16(foreign))
	if rc == 0 {
		rc = mmuexts(d, ops, n, pdone, foreign)
		putTarget(d)
	}
	return rc
}

// mmuexts does operations on page tables of d.
func mmuexts(d *Domain, ops, n, pdone, foreign uint64) int64 {
	v := current()
	done := uint64(0)
	if n&abi.MMUPreemptedBit != 0 {
		n &^= abi.MMUPreemptedBit
		done = v.arch.mmuDone
	}
	if !guestRange(ops, n*mmuextSize) {
		return -abi.EFAULT
	}
	rc := int64(0)
	log := &v.arch.log
	first := log.parts()
	i := first
	for ; i < n && rc == 0; i++ {
		if i != first && preemptCheck() {
			v.arch.mmuDone = done + i
			return continueHypercall(abi.HypercallMMUExtOp, ops+i*mmuextSize, n-i|abi.MMUPreemptedBit, pdone, foreign)
		}
		var op abi.MMUExtOp
		if !fromGuest(unsafe.Pointer(&op), ops+i*mmuextSize, mmuextSize) {
			rc = -abi.EFAULT
		} else {
			rc = mmuext(v, d, op.Cmd, op.Arg1, op.Arg2)
		}
		if rc != 0 {
			i--
		}
		log.part(i + 1)
	}
	count := uint32(done + i)
	if pdone != 0 && !toGuest(pdone, unsafe.Pointer(&count), 4) {
		return -abi.EFAULT
	}
	return rc
}

// mmuext does one operation.
func mmuext(v *VCPU, d *Domain, cmd uint32, arg1, arg2 uint64) int64 {
	switch cmd {
	case abi.MMUExtPinL1, abi.MMUExtPinL2, abi.MMUExtPinL3, abi.MMUExtPinL4:
		return pin(mfn(arg1), d, uint64(cmd-abi.MMUExtPinL1+1)<<ptTypeShift)
	case abi.MMUExtUnpin:
		return unpin(mfn(arg1), d)
	case abi.MMUExtNewBaseptr:
		return newBase(v, mfn(arg1))
	case abi.MMUExtNewUserBaseptr:
		return newUserBase(v, mfn(arg1))
	case abi.MMUExtTLBFlushLocal:
		flushLocal()
	case abi.MMUExtInvlpgLocal:
		if !isHypervisorAddr(arg1) {
			invalidate(arg1)
		}
	case abi.MMUExtTLBFlushMulti, abi.MMUExtInvlpgMulti:
		mask, rc := vcpuMask(d, arg2)
		if rc != 0 {
			return rc
		}
		flushGuest(mask, cmd == abi.MMUExtInvlpgMulti, arg1)
	case abi.MMUExtTLBFlushAll, abi.MMUExtInvlpgAll:
		flushGuest(d.dirty(), cmd == abi.MMUExtInvlpgAll, arg1)
	case abi.MMUExtFlushCache, abi.MMUExtFlushCacheGlobal:
		// Memory is coherent and no device is passed through.
	case abi.MMUExtSetLDT:
		return setLDT(v, arg1, arg2)
	case abi.MMUExtClearPage, abi.MMUExtCopyPage:
		return clearOrCopy(d, mfn(arg1), mfn(arg2), cmd == abi.MMUExtCopyPage)
	default:
		return -abi.ENOSYS
	}
	return 0
}

func flushGuest(mask uint64, onePage bool, va uint64) {
	if !onePage {
		va = flushAll
	} else if isHypervisorAddr(va) {
		return
	}
	flushMask(mask, va)
}

// pin holds a frame as a page table of a type until it is unpinned.
func pin(m mfn, d *Domain, t uint64) int64 {
	if rc := getPageAndType(m, d, t); rc != 0 {
		return rc
	}
	p := pageOf(m)
	if !testAndSetFlag(&p.typ, ptPinned) { // another vCPU may be pinning it as well
		return 0
	}
	putPageAndType(p)
	if again() {
		return 0
	}
	return -abi.EINVAL
}

// again says whether the current vCPU's operation may have been done before a
// recovery.
func again() bool { return current().arch.log.again }

// unpin is the inverse of pin.
func unpin(m mfn, d *Domain) int64 {
	if !frameOK(m) || !pageOf(m).get(d) {
		return -abi.EINVAL
	}
	p := pageOf(m)
	rc := int64(-abi.EINVAL)
	if testAndClearFlag(&p.typ, ptPinned) {
		putPageAndType(p)
		rc = 0
	} else if again() {
		rc = 0
	}
	p.put()
	return rc
}

// newBase gives the kernel of v another address space.
func newBase(v *VCPU, m mfn) int64 {
	old := v.arch.guestTable
	if m != old {
		if rc := getPageAndType(m, v.domain, ptL4); rc != 0 {
			return rc
		}
		setFrame(&v.arch.guestTable, m)
	}
	writeCR3(v.cr3())
	if m != old && old != 0 {
		putPageAndType(pageOf(old))
	}
	return 0
}

// newUserBase gives the user mode of v another address space, or none. That is
// safe because v's kernel runs now: only kernels make hypercalls, and a multicall
// ends when it leaves the kernel.
func newUserBase(v *VCPU, m mfn) int64 {
	old := v.arch.guestTableUser
	if m == old {
		return 0
	}
	if m != 0 {
		if rc := getPageAndType(m, v.domain, ptL4); rc != 0 {
			return rc
		}
	}
	setFrame(&v.arch.guestTableUser, m)
	if old != 0 {
		putPageAndType(pageOf(old))
	}
	return 0
}

// clearOrCopy fills a frame of d that is not a page table.
func clearOrCopy(d *Domain, dst, src mfn, cp bool) int64 {
	if rc := getPageAndType(dst, d, ptWritable); rc != 0 {
		return rc
	}
	rc := int64(0)
	switch {
	case !cp:
		zeroPage(dst)
	case frameOK(src) && pageOf(src).get(d):
		*tableAt(dst) = *tableAt(src)
		pageOf(src).put()
	default:
		rc = -abi.EINVAL
	}
	putPageAndType(pageOf(dst))
	return rc
}
