package main

import (
	"sync/atomic"
	"unsafe"
)

// killDomain takes everything back from a domain: vCPUs stop, page tables are
// unpinned, every frame loses its allocation. The domain itself goes with the
// last reference, usually that of its last frame. If it may make way it returns
// false when soft interrupts are pending, and goes on when it is called again.
func killDomain(d *Domain, makeWay bool) bool {
	if !d.dying {
		d.dying = true
		stopDomain(d)
		closeAllPorts(d)
		d.hold()
	}
	for i := uint32(0); i < d.nvcpus; i++ {
		dropTables(d.vcpu[i])
	}
	commit()
	if !relinquish(d, makeWay) {
		return false
	}
	assert(d.totPages == 0)
	d.put()
	d.put() // of createDomain
	return true
}

// stopDomain stops all vCPUs of a domain and their timers.
func stopDomain(d *Domain) {
	d.lk.lock()
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
}

// dropTables gives back what a vCPU's registers refer to.
func dropTables(v *VCPU) {
	if m := v.arch.guestTable; m != 0 {
		setFrame(&v.arch.guestTable, 0)
		putPageAndType(pageOf(m))
	}
	if m := v.arch.guestTableUser; m != 0 {
		setFrame(&v.arch.guestTableUser, 0)
		putPageAndType(pageOf(m))
	}
	clearGDT(v)
}

// relinquish unpins and frees every frame of a dying domain, which nobody
// else touches any more. Once no page table is in use, all that holds a frame
// is its allocation. It returns false to make way.
func relinquish(d *Domain, makeWay bool) bool {
	for m := mfn(d.pageList); m != 0 && !d.unpinned; {
		myJournal().skip() // its end begins again anyway
		p := pageOf(m)
		ok := p.get(nil) // keeps p in the list
		unpinned := ok && testAndClearFlag(&p.typ, ptPinned)
		if unpinned {
			putPageAndType(p)
		}
		m = mfn(p.next)
		if ok {
			p.put()
		}
		commit()
		if unpinned && makeWay && softPending() {
			return false
		}
	}
	d.unpinned = true
	for n := 1; d.pageList != 0; n++ {
		myJournal().skip()
		m := d.pageList
		ok := pageOf(mfn(m)).dropAllocation()
		commit()
		assert(ok && d.pageList != m)
		if n%16 == 0 && makeWay && softPending() {
			return false
		}
	}
	return true
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
	for {
		x := atomic.LoadUint64(p)
		if x&flag == 0 {
			return false
		}
		if swapLogged(p, x, x&^flag) {
			return true
		}
	}
}
