package main

import (
	"sync/atomic"

	"resvirt/vi/abi"
)

// Page-table entries (AMD APM vol. 2, 5.3).
const (
	pteP    = 1 << 0
	pteW    = 1 << 1
	pteU    = 1 << 2
	ptePWT  = 1 << 3
	ptePCD  = 1 << 4
	pteA    = 1 << 5
	pteD    = 1 << 6
	ptePS   = 1 << 7
	pteG    = 1 << 8
	pteNX   = 1 << 63
	pteAddr = 0x000ffffffffff000

	// The bits that are the guest's: 9 to 11 and, since no protection keys
	// exist here, 52 to 62. A guest's global bit is dropped: it runs in ring 3
	// with its user mode in another address space.
)

// badEntry says whether a present entry of a page table of type t is refused:
// one with the bit for large pages. In an L1 the same bit selects a memory
// type.
func badEntry(e, t uint64) bool { return e&ptePS != 0 && t != ptL1 }

// pteFrame is the frame that an entry names.
func pteFrame(e uint64) mfn { return mfn(e & pteAddr >> pageShift) }

// adjust sets and clears bits of a guest's entry as a 64-bit guest needs, whose
// kernel runs in ring 3, too.
func adjust(e uint64) uint64 {
	if e&pteP == 0 {
		return e
	}
	return e&^pteG | pteU
}

// getEntry takes what a present entry of a page table of type t refers to:
// for L1 the frame (as writable if the entry says so), else the next table.
func getEntry(e uint64, t uint64, d *Domain) int64 {
	if e&pteP == 0 {
		return 0
	}
	m := pteFrame(e)
	if t != ptL1 {
		if e&ptePS != 0 {
			return -abi.EINVAL
		}
		return getPageAndType(m, d, t-1<<ptTypeShift)
	}
	if !frameOK(m) {
		if d.mayMap(m, e&pteW != 0) {
			return 0
		}
		return -abi.EINVAL
	}
	if e&pteW != 0 {
		return getPageAndType(m, d, ptWritable)
	}
	if !pageOf(m).get(d) {
		return -abi.EINVAL
	}
	return 0
}

// putEntry gives back what getEntry took.
func putEntry(e uint64, t uint64) {
	if e&pteP == 0 {
		return
	}
	m := pteFrame(e)
	if t == ptL1 && isIOFrame(m) {
		return // device memory has no descriptors: its uses are not counted
	}
	p := pageOf(m)
	if t != ptL1 || e&pteW != 0 {
		putPageAndType(p)
		return
	}
	p.put()
}

// allocTable validates a frame as a page table of type t, taking what each
// entry refers to, or nothing at all.
func allocTable(p *page, t uint64) int64 {
	if t == ptSegDesc {
		if !checkDescriptors(p) {
			return -abi.EINVAL
		}
		return 0
	}
	assert(isTableType(t))
	d := p.ownerDomain()
	if d == nil {
		return -abi.EINVAL
	}
	tab := tableAt(p.frame())
	i := 0
	for ; i < len(tab); i++ {
		e := tab[i]
		if e&pteP == 0 || t == ptL4 && isHypervisorSlot(i) {
			continue
		}
		if rc := getEntry(e, t, d); rc != 0 {
			freeTable(p, t, i)
			return rc
		}
		if a := adjust(e); a != e {
			tab[i] = a
		}
	}
	assert(i == len(tab)) // a wrong index would leave uses uncounted, which would be detected much later
	tableDone()
	if t == ptL4 {
		copyHypervisorSlots(tab)
	}
	return 0
}

// freeTable gives back what the first n entries of a page table refer to.
func freeTable(p *page, t uint64, n int) {
	tab := tableAt(p.frame())[:n]
	i := 0
	for ; i < len(tab); i++ {
		if e := tab[i]; e&pteP != 0 && !(t == ptL4 && isHypervisorSlot(i)) {
			putEntry(e, t)
		}
	}
	assert(i == n)
	tableDone()
}

func isHypervisorSlot(i int) bool { return i >= hvSlotFirst && i <= hvSlotLast }

// copyHypervisorSlots gives an L4 the hypervisor's part of every address space.
func copyHypervisorSlots(tab *table) {
	idle := tableAt(idleL4Frame())
	for i := hvSlotFirst; i <= hvSlotLast; i++ {
		tab[i] = idle[i]
	}
}

// modEntry replaces an entry of a locked page table of type t. Meanwhile only
// the processor may change the entry: it sets accessed and dirty bits.
func modEntry(e *uint64, val uint64, t uint64, d *Domain) int64 {
	old := atomic.LoadUint64(e)
	val = adjust(val)
	sameRef := pteP | uint64(pteAddr)
	if t == ptL1 {
		sameRef |= pteW
	}
	if val&pteP != 0 && (old^val)&sameRef == 0 {
		// Same reference, other permissions.
		if badEntry(val, t) {
			return -abi.EINVAL
		}
		return swapEntry(e, old, val)
	}
	if rc := getEntry(val, t, d); rc != 0 {
		return rc
	}
	if rc := swapEntry(e, old, val); rc != 0 {
		putEntry(val, t)
		return rc
	}
	putEntry(old, t)
	return 0
}

// swapEntry writes an entry unless something but accessed and dirty changed.
func swapEntry(e *uint64, old, val uint64) int64 {
	for {
		if swapLogged(e, old, val) {
			return 0
		}
		now := atomic.LoadUint64(e)
		if (now^old)&^(pteA|pteD) != 0 {
			return -abi.EBUSY
		}
		old = now
	}
}
