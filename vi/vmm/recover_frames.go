package main

import "unsafe"

// Step page_frames. The descriptor of a frame has use counts, a type, a
// validated bit and a place in a list, which operations change one after the
// other and undo when they fail. A discarded operation leaves counts too high,
// tables that are being validated for ever, frames that are in no list, and
// objects that nothing refers to. All of it follows from what is certain: which
// frames domains own, which page tables they pinned or run on, and what the
// entries of these tables say. So everything else is forgotten and counted anew.

// repairFrames makes the frame table consistent with the domains.
func repairFrames() {
	if undoFrames() {
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
	forgetCounts()
	for i := uint32(0); i < nrCPUs(); i++ {
		claim(unsafe.Pointer(cpuByID(i).core.idle))
	}
	for d := domains.head; d != nil; d = d.next {
		d.claimObjects()
		d.killing = false
		if !d.gone {
			d.dying, d.unpinned, d.cursor = false, false, nil // its end begins again
		}
	}
	for d := domains.head; d != nil; d = d.next {
		d.retakeTables()
		d.retakeGrants()
	}
	for d := domains.head; d != nil; d = d.next {
		d.unmarkGrants()
	}
	relist()
	for d := domains.head; d != nil; d = d.next {
		d.refs = d.countRefs()
	}
	dropGone()
	rebuildHeap()
	clearJournals()
}

// dropGone forgets the domains that had come to their end but for references
// that nobody has.
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

// dropTestDomain forgets the domain that an interrupted self check had made.
func dropTestDomain() {
	for at := &domains.head; *at != nil; {
		if (*at).id == testDomain {
			*at = (*at).next
		} else {
			at = &(*at).next
		}
	}
}

// forgetCounts leaves of each descriptor whether its frame is free, a domain's,
// pinned, and as what.
func forgetCounts() {
	for m := mfn(bootInfo.heapStart >> pageShift); m < mfn(frames.n); m++ {
		p := pageOf(m)
		p.next, p.prev = 0, 0
		switch {
		case p.count&pgFree != 0:
			p.count = pgFree
		case p.count&pgHeap != 0:
			p.count = 0 // until its object is reached
		case p.count&pgAllocated != 0:
			p.count = pgAllocated | 1
			p.typ &= ptTypeMask | ptPinned
		default:
			p.count, p.typ = 0, p.typ&(ptTypeMask|ptPinned)
		}
	}
}

// claim marks the page of an object of the hypervisor's as in use.
func claim(at unsafe.Pointer) {
	p := pageOf(frameOfAddr(at))
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

// eachObject calls fn for the pages that a domain consists of, itself last.
func (d *Domain) eachObject(fn func(unsafe.Pointer)) {
	fn(unsafe.Pointer(d.shared))
	d.eachGrantObject(fn)
	for _, b := range d.buckets {
		if b != nil {
			fn(unsafe.Pointer(b))
		}
	}
	for i := uint32(0); i < d.nvcpus; i++ {
		fn(unsafe.Pointer(d.vcpu[i].arch.traps))
		fn(unsafe.Pointer(d.vcpu[i]))
	}
	fn(unsafe.Pointer(d))
}

// retakeTables takes again what is pinned and what the vCPUs run on.
func (d *Domain) retakeTables() {
	for m := mfn(bootInfo.heapStart >> pageShift); m < mfn(frames.n); m++ {
		p := pageOf(m)
		if p.owner != d.frame32() || p.typ&ptPinned == 0 {
			continue
		}
		if p.count&pgAllocated == 0 || !isTableType(p.typ) {
			p.typ &^= ptPinned
			continue
		}
		retake(p, p.typ&ptTypeMask, d)
	}
	for i := uint32(0); i < d.nvcpus; i++ {
		a := &d.vcpu[i].arch
		for _, root := range [...]mfn{a.guestTable, a.guestTableUser} {
			if root != 0 {
				retake(pageOf(root), ptL4, d)
			}
		}
		for _, m := range a.gdtFrames {
			if m != 0 {
				retake(pageOf(m), ptSegDesc, d)
			}
		}
		for _, m := range a.ldtFrames {
			if m != 0 {
				retake(pageOf(m), ptSegDesc, d)
			}
		}
		if m := d.vcpu[i].infoFrame; m != 0 {
			retake(pageOf(m), ptWritable, d)
		}
	}
}

// retake takes a frame as a type, a page table with all that it refers to. It
// fails if the frame is not d's or is in use as something else.
func retake(p *page, t uint64, d *Domain) bool {
	if p.owner != d.frame32() || p.typ&ptCount != 0 && p.typ&ptTypeMask != t {
		return false
	}
	p.count++
	first := p.typ&ptCount == 0
	p.typ = (p.typ&(ptPinned|ptCount) | t | ptValidated) + 1
	if first && isTableType(t) {
		retakeEntries(p, t, d)
	}
	return true
}

// retakeEntries takes what a page table refers to. An entry that cannot be is
// the trace of a wild write: it goes.
func retakeEntries(p *page, t uint64, d *Domain) {
	tab := tableAt(p.frame())
	for i, e := range tab {
		if e&pteP == 0 || t == ptL4 && isHypervisorSlot(i) {
			continue
		}
		m := pteFrame(e)
		ok := frameOK(m)
		d := d
		if ok && t == ptL1 && d.privileged {
			d = mappedOwner(pageOf(m), d)
		} else if ok && t == ptL1 {
			d = grantedOwner(m, d)
		}
		switch {
		case !ok:
		case t != ptL1:
			ok = retake(pageOf(m), t-1<<ptTypeShift, d)
		case e&pteW != 0:
			ok = retake(pageOf(m), ptWritable, d)
		default:
			if ok = pageOf(m).owner == d.frame32(); ok {
				pageOf(m).count++
			}
		}
		if !ok {
			tab[i] = 0
		}
	}
}

// mappedOwner is whose frame the control domain may have mapped: anybody's, but
// for those of the hypervisor.
func mappedOwner(p *page, control *Domain) *Domain {
	if p.owner == control.frame32() || p.count&pgHeap != 0 {
		return control
	}
	if d := domainOfFrame(p.owner); d != nil {
		return d
	}
	return control
}

// relist frees what nothing refers to and makes the domains' lists of pages.
func relist() {
	for d := domains.head; d != nil; d = d.next {
		d.pageList, d.totPages = 0, 0
	}
	for m := mfn(bootInfo.heapStart >> pageShift); m < mfn(frames.n); m++ {
		p := pageOf(m)
		if p.count&(pgFree|pgHeap) != 0 {
			continue
		}
		d := domainOfFrame(p.owner)
		if d == nil || p.count == 0 {
			p.count, p.typ, p.owner = pgFree, 0, 0
			continue
		}
		if p.typ&ptCount == 0 {
			p.typ = 0
		}
		p.next = uint32(d.pageList)
		if p.next != 0 {
			pageOf(mfn(p.next)).prev = uint32(m)
		}
		d.pageList = uint64(m)
		d.totPages++
	}
}

// domainOfFrame is the domain that an owner stands for, nil if there is none.
func domainOfFrame(owner uint32) *Domain {
	for d := domains.head; d != nil; d = d.next {
		if d.frame32() == owner {
			return d
		}
	}
	return nil
}

// countRefs counts who refers to a domain: its maker, its pages, and the other
// ends of its event channels.
func (d *Domain) countRefs() uint32 {
	n := uint32(1)
	if d.gone {
		n = 0
	}
	if d.totPages != 0 {
		n++
	}
	if d.dying && !d.gone {
		n++ // killDomain's own
	}
	for o := domains.head; o != nil; o = o.next {
		for port := uint32(1); port < maxPorts; port++ {
			e := o.port(port)
			if e == nil {
				break
			}
			if e.remote == d {
				n++
			}
		}
		n += o.grantRefs(d)
	}
	return n
}
