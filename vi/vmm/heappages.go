package main

import (
	"sync/atomic"

	"resvirt/vi/abi"
)

// Pages of domains: each is in its owner's list, which the owner's page lock
// guards, from its allocation until its last reference is dropped.

// allocDomainPage gives d one more frame, cleared.
func allocDomainPage(d *Domain) mfn {
	m := allocFrames(0)
	if m == 0 || !giveDomainPage(d, m) {
		return 0
	}
	return m
}

// giveDomainPage clears a frame and makes it d's, or frees it if d may not have it.
func giveDomainPage(d *Domain, m mfn) bool {
	zeroPage(m)
	d.pageLock.lock()
	if d.dying || d.totPages >= d.maxPages {
		d.pageLock.unlock()
		freeFrames(m, 0)
		return false
	}
	linkDomainPage(d, m)
	d.pageLock.unlock()
	return true
}

// linkDomainPage makes a frame d's; d.pageLock is held.
func linkDomainPage(d *Domain, m mfn) {
	assert(d.pageLock.held())
	p := pageOf(m)
	assert(p.owner == 0 && p.count == 0)
	j := myJournal()
	j.keepList(d, p)
	p.owner = d.frame32()
	atomic.StoreUint64(&p.count, pgAllocated|1)
	p.prev, p.next = 0, uint32(d.pageList)
	if p.next != 0 {
		next := pageOf(mfn(p.next))
		j.keep(next.links())
		next.prev = uint32(m)
	}
	d.pageList = uint64(m)
	if d.totPages == 0 {
		d.hold() // as long as the domain has pages
	}
	d.totPages++
	j.whole()
}

// keepList writes down what putting a frame into a domain's list, or taking it
// out, is about to change of the domain and of the frame.
func (j *journalCPU) keepList(d *Domain, p *page) {
	j.keep(&p.count)
	j.keep(p.holder())
	j.keep(p.links())
	j.keep(&d.pageList)
	j.keep(&d.totPages)
}

// freeDomainPage is the end of a frame whose last reference was dropped.
func freeDomainPage(p *page) {
	assert(p.count&pgRefs == 0)
	assert(p.count&pgHeap == 0) // shared pages of the heap are freed by their makers
	m := p.frame()
	d := p.ownerDomain()
	assert(d != nil && p.typ&ptCount == 0)
	if iommu.on {
		d.forgetDMA(m)
	}
	d.pageLock.lock()
	j := myJournal()
	j.keepList(d, p)
	if p.prev != 0 {
		prev := pageOf(mfn(p.prev))
		j.keep(prev.links())
		prev.next = p.next
	} else {
		assert(d.pageList == uint64(m))
		d.pageList = uint64(p.next)
	}
	if p.next != 0 {
		next := pageOf(mfn(p.next))
		j.keep(next.links())
		next.prev = p.prev
	}
	p.next, p.prev, p.owner = 0, 0, 0
	d.totPages--
	last := d.totPages == 0
	j.whole()
	d.pageLock.unlock()
	p.count, p.typ = 0, 0
	freeFrames(m, 0)
	if last {
		d.put()
	}
}

// sharePage gives d access to a page of the hypervisor's heap, as writable.
func sharePage(m mfn, d *Domain) {
	p := pageOf(m)
	assert(p.count == pgHeap|pgAllocated|1)
	d.pageLock.lock()
	p.owner = d.frame32()
	p.typ = ptWritable | ptValidated | 1
	d.pageLock.unlock()
}

// unsharePage takes a shared page back, unless the domain still holds it.
func unsharePage(m mfn) int64 {
	p := pageOf(m)
	if p.count&pgRefs != 1 || p.typ&ptCount != 1 {
		return -abi.EBUSY
	}
	p.typ, p.owner = 0, 0
	return 0
}
