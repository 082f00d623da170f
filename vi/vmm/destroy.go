package main

import (
	"sync/atomic"
	"unsafe"
)

// killDomain takes everything back from a domain: vCPUs stop, page tables are
// unpinned, every frame loses its allocation. The domain itself goes with the
// last reference, usually that of its last frame, which another domain may still
// have mapped. If it may make way it returns false when soft interrupts are
// pending, and goes on when it is called again.
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
	d.gone = true
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

// relinquish unpins and frees every frame of a dying domain. Once no page table
// is in use, all that holds a frame is its allocation, and what other domains
// map. It returns false to make way.
func relinquish(d *Domain, makeWay bool) bool {
	if !d.unpinned && !d.eachPage(makeWay, unpinPage) {
		return false
	}
	d.unpinned = true
	return d.eachPage(makeWay, (*page).dropAllocation)
}

func unpinPage(p *page) bool {
	unpinned := testAndClearFlag(&p.typ, ptPinned)
	if unpinned {
		putPageAndType(p)
	}
	return unpinned
}

// eachPage calls fn, which says whether it had to do something, for every frame
// of d. It returns false to make way.
func (d *Domain) eachPage(makeWay bool, fn func(*page) bool) bool {
	n := 0
	for p := d.pageAfter(nil); p != nil; {
		next := d.pageAfter(p)
		if fn(p) {
			n++
		}
		p.put()
		p = next
		if n == 16 && p != nil && makeWay {
			n = 0
			if softPending() {
				p.put()
				return false
			}
		}
	}
	return true
}

// pageAfter is the next allocated frame of d behind one that is held, or the
// first, with a reference that keeps it in the list; nil at the end.
func (d *Domain) pageAfter(p *page) *page {
	d.pageLock.lock()
	m := mfn(d.pageList)
	if p != nil {
		m = mfn(p.next)
	}
	for m != 0 && !pageOf(m).get(nil) {
		m = mfn(pageOf(m).next)
	}
	d.pageLock.unlock()
	if m == 0 {
		return nil
	}
	return pageOf(m)
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
	announce := d.id != testDomain
	freeHeapPage(frameOfAddr(unsafe.Pointer(d)))
	if announce {
		announceEnd()
	}
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
