package main

import "unsafe"

// Step page_frames. The descriptor of a frame has use counts, a type, a validated
// bit and a place in a list, which operations change one after the other and undo
// when they fail. A discarded operation leaves counts too high, page tables that
// are being validated for ever, frames that are in no list, and objects that
// nothing refers to. All of this can be computed from what is certain: which frames
// domains own, which page tables they pinned or run on, and what the entries of
// these tables are. So the step forgets everything else and counts anew. That takes
// the longer the more memory there is. So the step walks over the frame table as
// seldom as it can, and over free frames several at a time (descwalk.go). In a
// microreset with step frame_journal allowed and with sound lists of free blocks,
// it skips each free block as a whole: then only frames in use take time.

// pageFrames makes the frame table consistent with the domains.
func pageFrames() {
	if frameJournal() {
		return
	}
	if !begin(stepPageFrames) {
		if !resetting() {
			rebuildHeap() // a new instance has no lists yet
		}
		return
	}
	clearJournals()
	dropTestDomain()
	blocksSound = allowed(stepFrameJournal) && resetting() && heap.nfree != 0 && soundHeap()
	heap.nfree = ^uint64(0) // if this attempt fails, the next one finds the lists unsound
	pinned := forgetCounts()
	for i := uint32(0); i < nrCPUs(); i++ {
		claim(unsafe.Pointer(cpuByID(i).core.idle))
	}
	if devices != nil {
		claim(unsafe.Pointer(devices))
	}
	for d := domains.head; d != nil; d = d.next {
		d.claimObjects()
		d.indexGrants()
		d.killing = false
		if !d.gone {
			d.dying, d.unpinned, d.cursor = false, false, nil // its destruction begins again
		}
	}
	retakePinned(pinned)
	for d := domains.head; d != nil; d = d.next {
		d.retakeTables()
		d.retakeGrants()
	}
	for d := domains.head; d != nil; d = d.next {
		d.unmarkGrants()
	}
	relist()
	countRefs()
	dropGone()
	rebuildHeap()
	blocksSound = false
	clearJournals()
}

// dropGone frees the domains that had ended and to which the new count has found
// no references.
func dropGone() {
	for at := &domains.head; *at != nil; {
		d := *at
		if !d.gone || d.refs != 0 {
			at = &d.next
			continue
		}
		*at = d.next
		d.eachObject(disclaim)
	}
}

// dropTestDomain destroys the domain that an interrupted self check had made.
func dropTestDomain() {
	for at := &domains.head; *at != nil; {
		if (*at).id == testDomain {
			*at = (*at).next
		} else {
			at = &(*at).next
		}
	}
}

// forgetCounts clears each descriptor, except for what is certain: whether its
// frame is free, who owns it, and whether and as which type it is pinned. It
// returns the first of the pinned frames, which it links by next, in order.
// Descriptors of free frames are left to rebuildHeap.
func forgetCounts() mfn {
	first := mfn(0)
	last := (*page)(nil)
	gone := anyGone()
	owner := uint32(0) // frames of one owner mostly follow each other
	at, end := heapDescs()
	for at < end {
		p := (*page)(ptr(at))
		x := p.count
		if x == pgFree {
			at = pastFree(at, end)
			continue
		}
		at += descSize
		if x&pgAllocated != 0 && p.owner != owner {
			if owner = p.owner; x&pgHeap == 0 && domainOfFrame(owner) == nil {
				p.adopt()
			}
		}
		p.next, p.prev = 0, 0
		switch {
		case x&pgFree != 0 && x&pgAllocated == 0: // if both bits are set, one has flipped: the owner decides
			p.count = pgFree
			continue
		case x&pgHeap != 0:
			p.count = 0 // claim counts it again if it is an object
			continue
		case x&pgAllocated != 0 && !(gone && goneOwner(p.owner)):
			x = pgAllocated | 1
		default:
			x = 0
		}
		p.count = x
		p.typ &= ptTypeMask | ptPinned
		if x == 0 {
			p.typ &^= ptPinned
		}
		if p.typ&ptPinned == 0 {
			continue
		}
		if last == nil {
			first = p.frame()
		} else {
			last.next = uint32(p.frame())
		}
		last = p
	}
	return first
}

// adopt gives a frame whose owner does not exist the owner of one of its
// neighbours in the list of pages.
func (p *page) adopt() {
	for _, m := range [...]uint32{p.next, p.prev} {
		if frameOK(mfn(m)) && domainOfFrame(pageOf(mfn(m)).owner) != nil {
			p.owner = pageOf(mfn(m)).owner
			return
		}
	}
}

// anyGone says whether there is a domain that has ended and is kept only for
// references to it.
func anyGone() bool {
	for d := domains.head; d != nil; d = d.next {
		if d.gone {
			return true
		}
	}
	return false
}

// goneOwner says whether an owner is such a domain. Then a frame that was not
// freed at the domain's end loses its allocation.
func goneOwner(owner uint32) bool {
	d := domainOfFrame(owner)
	return d != nil && d.gone
}

// claim marks the page of an object of the hypervisor's as in use.
func claim(at unsafe.Pointer) {
	p := pageOf(frameOfAddr(at))
	if p.count == pgFree {
		blocksSound = false // the object was being freed
	}
	p.count, p.typ, p.owner = pgHeap|pgAllocated|1, 0, 0
}

// disclaim marks the page of an object as free.
func disclaim(at unsafe.Pointer) {
	p := pageOf(frameOfAddr(at))
	p.count, p.typ, p.owner = pgFree, 0, 0
}

// claimObjects marks what a domain consists of.
func (d *Domain) claimObjects() {
	d.eachObject(claim)
	p := pageOf(frameOfAddr(unsafe.Pointer(d.shared)))
	p.owner, p.typ = d.frame32(), ptWritable|ptValidated|1
	d.shareGrants()
}

// eachObject calls fn for the pages that a domain consists of; the page of the
// Domain comes last.
func (d *Domain) eachObject(fn func(unsafe.Pointer)) {
	fn(unsafe.Pointer(d.shared))
	d.eachGrantObject(fn)
	d.eachBucketPage(fn)
	if d.fifo != nil {
		fn(unsafe.Pointer(d.fifo))
	}
	if d.io != nil {
		eachDMATable(d.io.root, fn)
		fn(unsafe.Pointer(d.io))
	}
	for i := uint32(0); i < d.nvcpus; i++ {
		fn(unsafe.Pointer(d.vcpu[i].arch.traps))
		fn(unsafe.Pointer(d.vcpu[i]))
	}
	fn(unsafe.Pointer(d))
}

// relist frees what nothing refers to and makes the domains' lists of pages.
func relist() {
	for d := domains.head; d != nil; d = d.next {
		d.pageList, d.totPages = 0, 0
	}
	d, owner := (*Domain)(nil), uint32(0) // frames of one owner mostly follow each other
	at, end := heapDescs()
	for at < end {
		p := (*page)(ptr(at))
		x := p.count
		if x == pgFree {
			at = pastFree(at, end)
			continue
		}
		at += descSize
		if x&(pgFree|pgHeap) != 0 {
			continue
		}
		if p.owner != owner {
			owner = p.owner
			d = domainOfFrame(owner)
		}
		if d == nil || x == 0 {
			p.count, p.typ, p.owner = pgFree, 0, 0
			continue
		}
		if p.typ&ptCount == 0 {
			p.typ = 0
		}
		m, next := uint64(p.frame()), d.pageList
		p.next = uint32(next)
		if next != 0 {
			(*page)(ptr(frameTableBase + next*descSize)).prev = uint32(m)
		}
		d.pageList = m
		d.totPages++
	}
}
