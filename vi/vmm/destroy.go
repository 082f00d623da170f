package main

import "unsafe"

// killDomain takes everything back from a domain: vCPUs stop, page tables are
// unpinned, every frame loses its allocation. The domain itself goes with the
// last reference, usually that of its last frame.
func killDomain(d *Domain) {
	d.lk.lock()
	if d.dying {
		d.lk.unlock()
		return
	}
	d.dying = true
	for i := uint32(0); i < d.nvcpus; i++ {
		setBits(&d.vcpu[i].pause, pauseShutdown)
	}
	d.lk.unlock()
	for i := uint32(0); i < d.nvcpus; i++ {
		v := d.vcpu[i]
		v.sleepSync()
		v.pollTimer.kill()
		v.singleshot.kill()
		v.periodic.kill()
	}
	closeAllPorts(d)
	d.hold()
	for i := uint32(0); i < d.nvcpus; i++ {
		dropTables(d.vcpu[i])
	}
	relinquish(d)
	assert(d.totPages == 0)
	d.put()
	d.put() // of createDomain
}

// dropTables gives back what a vCPU's registers refer to.
func dropTables(v *VCPU) {
	if m := v.arch.guestTable; m != 0 {
		v.arch.guestTable = 0
		putPageAndType(pageOf(m))
	}
	if m := v.arch.guestTableUser; m != 0 {
		v.arch.guestTableUser = 0
		putPageAndType(pageOf(m))
	}
	clearGDT(v)
}

// relinquish unpins and frees every frame of a dying domain, which nobody
// else touches any more. Once no page table is in use, all that holds a frame
// is its allocation.
func relinquish(d *Domain) {
	for m := mfn(d.pageList); m != 0; {
		p := pageOf(m)
		ok := p.get(nil) // keeps p in the list
		if ok && testAndClearFlag(&p.typ, ptPinned) {
			putPageAndType(p)
		}
		m = mfn(p.next)
		if ok {
			p.put()
		}
	}
	for d.pageList != 0 {
		m := d.pageList
		ok := pageOf(mfn(m)).dropAllocation()
		assert(ok && d.pageList != m)
	}
}

// destroyDomain frees what is left of a domain to which nothing refers.
func destroyDomain(d *Domain) {
	assert(d.dying && d.totPages == 0 && d.pageList == 0)
	domains.lk.lock()
	at := &domains.head
	for *at != d {
		at = &(*at).next
	}
	*at = d.next
	domains.lk.unlock()
	for i := uint32(0); i < d.nvcpus; i++ {
		freeVCPU(d.vcpu[i])
	}
	for i := range d.buckets {
		if d.buckets[i] != nil {
			freeHeapPage(frameOfAddr(unsafe.Pointer(d.buckets[i])))
		}
	}
	s := frameOfAddr(unsafe.Pointer(d.shared))
	rc := unsharePage(s)
	assert(rc == 0)
	freeHeapPage(s)
	freeHeapPage(frameOfAddr(unsafe.Pointer(d)))
}

// testAndClearFlag clears a flag atomically and says whether it was set.
func testAndClearFlag(p *uint64, flag uint64) bool {
	bit := uint(0)
	for flag>>bit != 1 {
		bit++
	}
	return testAndClear(p, bit)
}
