package main

import (
	"sync/atomic"
	"unsafe"
)

// killDomain takes everything back from a domain: vCPUs stop, page tables are
// unpinned, every frame loses its allocation. The domain itself goes with the
// last reference, usually that of its last frame, which another domain may still
// have mapped. With makeWay it returns false when soft interrupts are pending;
// when it is called again it goes on.
func killDomain(d *Domain, makeWay bool) bool {
	d.killing = true
	if !d.dying {
		d.dying = true
		stopDomain(d)
		d.nextPort = 0
		d.hold()
	}
	if !closeAllPorts(d, makeWay) {
		return false
	}
	d.releaseDevices()
	dropTracks(d)
	d.stopFIFO()
	for i := uint32(0); i < d.nvcpus; i++ {
		dropTables(d.vcpu[i])
	}
	d.eventLock.lock()
	dropFrame(&d.ring) // closing its port has dropped it, unless a recovery took that back
	d.eventLock.unlock()
	commit()
	d.killing = false // all that follows is in the journal
	if !relinquish(d, makeWay) {
		return false
	}
	d.killing, d.gone = true, true
	d.put()
	d.put() // the reference that createDomain took
	return true
}

// stopDomain stops all vCPUs of a domain and their timers.
func stopDomain(d *Domain) {
	d.lk.lockPatiently()
	for i := uint32(0); i < d.nvcpus; i++ {
		setBits(&d.vcpu[i].pause, pauseShutdown)
	}
	d.lk.unlock()
	for i := uint32(0); i < d.nvcpus; i++ {
		d.vcpu[i].sleepSync()
	}
	for i := uint32(0); i < d.nvcpus; i++ { // only now does no vCPU run that could set another's timer
		v := d.vcpu[i]
		v.pollTimer.kill()
		v.singleshot.kill()
		v.stopPeriodic()
	}
	d.stopWatchdogs()
}

// dropTables gives back what a vCPU's registers refer to.
func dropTables(v *VCPU) {
	dropRoots(v)
	v.dropInfo()
}

// dropRoots gives back page tables and descriptor tables.
func dropRoots(v *VCPU) {
	if m := v.arch.guestTable; m != 0 {
		setFrame(&v.arch.guestTable, 0)
		putPageAndType(pageOf(m))
	}
	if m := v.arch.guestTableUser; m != 0 {
		setFrame(&v.arch.guestTableUser, 0)
		putPageAndType(pageOf(m))
	}
	clearGDT(v)
	clearLDT(v)
}

// relinquish unpins and frees every frame of a dying domain. Once no page table
// is in use, a frame is held only by its allocation and by mappings of other
// domains. It returns false to make way.
func relinquish(d *Domain, makeWay bool) bool {
	if !d.unpinned && !d.sweep(makeWay, ptPinned, unpinPage) {
		return false
	}
	d.unpinned = true
	return d.sweep(makeWay, 0, dropPage)
}

func unpinPage(p *page) {
	if testAndClearFlag(&p.typ, ptPinned) {
		putPageAndType(p)
	}
}

func dropPage(p *page) { p.dropAllocation() }

const (
	sweepBatch = 16  // frames between two looks for more urgent work
	sweepScan  = 256 // frames that are looked at with the list locked
)

// sweep calls fn for the allocated frames of d whose type has all of some flags.
// It returns false to make way; when it is called again it goes on where it was.
func (d *Domain) sweep(makeWay bool, flags uint64, fn func(*page)) bool {
	var batch [sweepBatch]*page
	for {
		cursor := d.cursor // held, so that it stays in the list
		d.pageLock.lock()
		m := mfn(d.pageList)
		if cursor != nil {
			m = mfn(cursor.next)
		}
		var next *page
		n := 0
		for seen := 0; m != 0 && next == nil; seen++ {
			p := pageOf(m)
			if p.typ&flags == flags && p.get(nil) {
				batch[n&(sweepBatch-1)] = p
				n++
				if n == sweepBatch {
					addLogged(&p.count, 1) // cannot fail: it is held already
					next = p
				}
			} else if seen >= sweepScan && p.get(nil) {
				next = p
			}
			m = mfn(p.next)
		}
		d.pageLock.unlock()
		for _, p := range batch[:n] {
			fn(p)
			p.put()
		}
		setLogged((*uint64)(unsafe.Pointer(&d.cursor)), uint64(addrOf(unsafe.Pointer(next))))
		if cursor != nil {
			cursor.put()
		}
		commit()
		if next == nil {
			return true
		}
		if makeWay && softPending() {
			return false
		}
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
	announce := d.id != testDomain
	d.freeObjects()
	if announce {
		announceEnd()
	}
}

// freeObjects frees all pages that a domain consists of. Nothing refers to it.
func (d *Domain) freeObjects() {
	for i := uint32(0); i < d.nvcpus; i++ {
		freeVCPU(d.vcpu[i])
	}
	d.eachBucketPage(func(p unsafe.Pointer) { freeHeapPage(frameOfAddr(p)) })
	if d.fifo != nil {
		freeHeapPage(frameOfAddr(unsafe.Pointer(d.fifo)))
	}
	if d.io != nil {
		d.dropDMATables() // a recovery may have made them again
		freeHeapPage(frameOfAddr(unsafe.Pointer(d.io)))
	}
	freeGrants(d)
	s := frameOfAddr(unsafe.Pointer(d.shared))
	rc := unsharePage(s)
	assert(rc == 0)
	freeHeapPage(s)
	freeHeapPage(frameOfAddr(unsafe.Pointer(d)))
}

// freeGrants frees a domain's grant table.
func freeGrants(d *Domain) {
	for i := uint32(0); d.grants != nil && i < d.grants.frames; i++ {
		rc := unsharePage(mfn(d.grants.shared[i%grantFrames]))
		assert(rc == 0)
	}
	d.eachGrantObject(func(p unsafe.Pointer) { freeHeapPage(frameOfAddr(p)) })
}

// testAndSetFlag sets a flag atomically and says whether it was set.
func testAndSetFlag(p *uint64, flag uint64) bool {
	for {
		x := atomic.LoadUint64(p)
		if x&flag != 0 {
			return true
		}
		if swapLogged(p, x, x|flag) {
			return false
		}
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
