package main

import (
	"sync/atomic"

	"resvirt/vi/abi"
)

// page describes one frame of RAM (Xen's struct page_info). The field count
// counts references: one for being allocated, and one for each page-table
// entry, pinned type or running operation that needs the frame to stay. The
// field typ counts uses of the frame as one type. A frame has one type at a
// time, so that a page table is never writable by its guest.
type page struct {
	count uint64
	typ   uint64
	owner uint32 // frame of the owning Domain, 0 = the hypervisor
	stamp uint32 // flush clock when the frame was freed or last lost a use as a type
	next  uint32 // free list, or the owner's list of pages
	prev  uint32
}

// page.count. They have a type so that the host, which reads them from debug
// information, also finds those above int64.
const (
	pgAllocated uint64 = 1 << 63 // one reference is the allocation itself
	pgHeap             = 1 << 62 // hypervisor's own page, possibly shared with owner
	pgFree             = 1 << 61 // in the heap's free lists
	pgRefs             = 1<<56 - 1
)

// page.typ
const (
	ptTypeShift        = 61
	ptTypeMask         = 7 << ptTypeShift
	ptNone             = 0 << ptTypeShift
	ptL1               = 1 << ptTypeShift
	ptL2               = 2 << ptTypeShift
	ptL3               = 3 << ptTypeShift
	ptL4        uint64 = 4 << ptTypeShift
	ptSegDesc   uint64 = 5 << ptTypeShift
	ptWritable  uint64 = 7 << ptTypeShift
	ptPinned           = 1 << 60
	ptValidated        = 1 << 59
	ptLocked           = 1 << 58 // an entry of this page table is being changed
	ptForeign          = 1 << 57 // another domain may have, or have had, writable translations of it
	ptCount            = 1<<56 - 1
)

// frames is the extent of the frame table.
var frames struct {
	n uint64 // frame numbers below n have a descriptor
}

// frameOK says whether a frame number has a descriptor.
func frameOK(m mfn) bool { return uint64(m) < frames.n && m != 0 }

// pageOf is the descriptor of a frame that has one.
func pageOf(m mfn) *page {
	assert(uint64(m) < frames.n)
	return (*page)(ptr(frameTableBase + uint64(m)*32))
}

// frame is the number of the frame that a descriptor describes.
func (p *page) frame() mfn { return mfn((addrOf(ptrOfPage(p)) - frameTableBase) / 32) }

// ownerDomain is the domain that owns the frame, nil if it is the hypervisor's.
func (p *page) ownerDomain() *Domain {
	if p.owner == 0 {
		return nil
	}
	return (*Domain)(frameAddr(mfn(p.owner)))
}

// get takes a reference on a frame of d; it fails if the frame is not allocated or
// not d's. A nil d stands for "whoever owns it". If the frame is not d's its count
// does not change, not even for a moment: guests may name any frame at any time, and
// the hypervisor asserts exact counts of its own frames.
func (p *page) get(d *Domain) bool {
	for {
		x := atomic.LoadUint64(&p.count)
		if x&pgRefs == 0 || x&pgRefs == pgRefs || x&pgAllocated == 0 || !p.ownedBy(d) {
			return false
		}
		if swapLogged(&p.count, x, x+1) {
			break
		}
	}
	if p.ownedBy(d) {
		return true
	}
	p.put() // it went from d to another domain in between
	return false
}

// ownedBy says whether a frame is d's, or anybody's if d is nil.
func (p *page) ownedBy(d *Domain) bool {
	return d == nil || atomic.LoadUint32(&p.owner) == d.frame32()
}

// put drops a reference; the last one frees the frame.
func (p *page) put() {
	x := addLogged(&p.count, ^uint64(0))
	assert(x&pgRefs != pgRefs)
	if x&pgRefs == 0 {
		freeLater(p)
	}
}

// dropAllocation drops the reference that the allocation holds, once.
func (p *page) dropAllocation() bool {
	for {
		x := atomic.LoadUint64(&p.count)
		if x&pgAllocated == 0 {
			return false
		}
		if swapLogged(&p.count, x, x&^pgAllocated) {
			p.put()
			return true
		}
	}
}

// getType takes the frame as type t. While another CPU validates it this CPU
// spins, until the validated bit is set or the count is zero again. If the
// frame is in use as another type, t is refused.
func (p *page) getType(t uint64) int64 {
	var x, nx uint64
	var wait patience
	for {
		x = atomic.LoadUint64(&p.typ)
		nx = x + 1
		assert(nx&ptCount != 0)
		if x&ptCount == 0 {
			if x&ptTypeMask != t {
				nx = nx&^(ptTypeMask|ptValidated|ptForeign) | t
				if t == ptWritable {
					nx |= ptValidated
				}
			}
		} else if x&ptTypeMask != t {
			return refuse(p)
		} else if x&ptValidated == 0 {
			for atomic.LoadUint64(&p.typ) == x {
				wait.relax()
			}
			continue
		}
		if swapLogged(&p.typ, x, nx) {
			break
		}
	}
	if x&ptTypeMask != t {
		if x&ptTypeMask != ptNone {
			flushFiltered(p.users(x), p.stamp)
		}
		if iommu.on {
			p.typeChanged()
		}
	}
	if nx&ptValidated != 0 {
		return 0
	}
	return p.validate(t)
}

// users is the set of CPUs that may still hold a writable translation of a frame
// whose type was typ: those that run its owner, or all CPUs if other domains had
// it mapped: when their entries go, the CPUs that used them are not flushed.
func (p *page) users(typ uint64) uint64 {
	if typ&ptForeign != 0 {
		return cpusOnline()
	}
	if d := p.ownerDomain(); d != nil {
		return d.dirty()
	}
	return 0
}

// markForeign notes that an entry of another domain's page table is about to map
// the frame as writable. The caller holds it as writable.
func (p *page) markForeign() {
	if p.typ&ptForeign == 0 {
		setBitsLogged(&p.typ, ptForeign)
	}
}

// validate checks a page table that has just become one and publishes it.
func (p *page) validate(t uint64) int64 {
	rc := allocTable(p, t)
	if rc != 0 {
		// Nobody else has taken the type: the count is one and not validated.
		assert(atomic.LoadUint64(&p.typ)&(ptCount|ptValidated) == 1)
		p.left(atomic.LoadUint32(&flushClock))
		setLogged(&p.typ, 0)
		return rc
	}
	setBitsLogged(&p.typ, ptValidated)
	return 0
}

// left notes the time at which a use of the frame's type ends; its mapping is gone
// by now. Every use notes it, not only the last, and the time never goes back. For a
// CPU may see the last use, and before its compare-and-swap another CPU may take the
// frame and drop it again: translations that the other made are later.
func (p *page) left(at uint32) {
	for {
		was := atomic.LoadUint32(&p.stamp)
		if was >= at || atomic.CompareAndSwapUint32(&p.stamp, was, at) {
			return
		}
	}
}

// putType drops one use of the frame's type. When the last use goes, a page
// table gives back what its entries hold; meanwhile it is not validated, and
// whoever wants the type waits.
func (p *page) putType() {
	var wait patience
	for {
		x := atomic.LoadUint64(&p.typ)
		nx := x - 1
		assert(x&ptCount != 0)
		p.left(atomic.LoadUint32(&flushClock))
		if nx&ptCount == 0 {
			if isTableType(nx) && x&ptValidated != 0 {
				if !swapLogged(&p.typ, x, x&^ptValidated) {
					continue
				}
				freeTable(p, x&ptTypeMask, len(table{}))
				p.left(atomic.LoadUint32(&flushClock))
				addLogged(&p.typ, ^uint64(0))
				return
			}
		} else if x&ptValidated == 0 || nx&(ptLocked|ptCount) == ptLocked|1 {
			// Either the table is being validated, or the holder of its lock
			// would become the last user, and unlockTable does not clean up:
			// wait.
			for atomic.LoadUint64(&p.typ) == x {
				wait.relax()
			}
			continue
		}
		if swapLogged(&p.typ, x, nx) {
			return
		}
	}
}

// isTableType says whether typ is one of the four page-table types.
func isTableType(typ uint64) bool {
	return typ&ptTypeMask >= ptL1 && typ&ptTypeMask <= ptL4
}

// getPageAndType takes a reference on a frame of d, and the frame as type t.
func getPageAndType(m mfn, d *Domain, t uint64) int64 {
	if !frameOK(m) {
		return -abi.EINVAL
	}
	p := pageOf(m)
	if !p.get(d) {
		return -abi.EINVAL
	}
	rc := p.getType(t)
	if rc != 0 {
		p.put()
	}
	return rc
}

// putPageAndType is the inverse of getPageAndType.
func putPageAndType(p *page) {
	p.putType()
	p.put()
}

// lockTable serialises changes of one page table's entries. It fails unless
// the frame is a validated page table, and keeps it one.
func (p *page) lockTable() bool {
	var wait patience
	for {
		x := atomic.LoadUint64(&p.typ)
		if x&ptLocked != 0 {
			wait.relax()
			continue
		}
		if x&ptValidated == 0 || x&ptCount == 0 {
			return false
		}
		if swapLogged(&p.typ, x, x+1|ptLocked) {
			return true
		}
	}
}

// unlockTable ends lockTable. putType does not let the holder of the lock
// become the last user.
func (p *page) unlockTable() {
	for {
		x := atomic.LoadUint64(&p.typ)
		assert(x&ptLocked != 0 && x&ptCount > 1)
		if swapLogged(&p.typ, x, (x-1)&^ptLocked) {
			return
		}
	}
}
