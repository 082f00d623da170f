package main

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/abi"
)

// maxVCPUs bounds the vCPUs of one domain.
const maxVCPUs = 4

// Domain is a virtual machine. It lies in a heap page of its own, whose frame
// number stands for it in the frame table.
type Domain struct {
	next *Domain // list of all domains, in order of id
	id   uint16
	refs uint32 // references; the last one frees it

	lk        spinlock // serialises changes of its life
	pageLock  spinlock // pageList, totPages, sharing
	eventLock spinlock // event channels
	fifoLock  spinlock // event words and queues
	mmuLock   spinlock // serialises operations on whole page tables, as Xen's domain lock

	pageList uint64 // first of its frames
	totPages uint64
	maxPages uint64
	mapPages uint64 // end of the memory map that it was started with

	privileged bool      // the control domain
	handle     [16]uint8 // the name that the control domain gave it (a UUID)
	pauseCount uint32    // its vCPUs may not run while it is not 0
	weight     uint32    // of each vCPU, see account
	maxVCPUs   uint32    // how many it was made for

	dying        bool
	unpinned     bool  // no page table of it is pinned any more
	cursor       *page // how far taking its frames back has come
	killing      bool  // a CPU is ending it: that part is not in the journal
	gone         bool  // all is taken back, but others hold references
	shutdown     bool
	shutdownCode uint32
	codeSet      bool // by SCHEDOP_shutdown_code
	started      bool // its workload has printed its start line

	nvcpus    uint32
	vcpu      [maxVCPUs]*VCPU
	dirtyCPUs uint64 // CPUs that may hold its translations

	shared *abi.SharedInfo // page of the hypervisor's heap

	groups    [evtchnGroups]*evtchnGroup // event channels
	full      [evtchnBuckets / 64]uint64 // buckets without a closed port
	mostPorts uint32                     // how many ports it may have
	nextPort  uint32                     // how far closing all of them has come
	pollMask  uint64                     // vCPUs that wait in SCHEDOP_poll
	fifo      *fifo                      // nil until the guest asks for the FIFO interface
	fifoOn    uint32                     // the FIFO interface is in use

	assist uint64 // vm_assist bits

	doubted  int64 // when a refusal was doubted last
	appealed int64 // when a verdict was appealed last

	grants     *grantTable // nil until the guest uses grants
	grantLimit uint32      // most frames of its table
	trackLimit uint32      // most pages of mappings that it may have
	io         *ioTable    // nil unless it may use devices
	watchdogs  [domainWatchdogs]domainWatchdog

	ring     mfn    // console ring that the hypervisor serves, 0 = none
	ringPort uint32 // its event channel

	line    [lineMax]byte // console output that is no whole line yet
	lineLen uint32
	linePos uint32 // how much of a whole line has been printed
}

// domains is the list of all domains. Whoever changes it holds the lock.
var domains struct {
	lk   spinlock
	head *Domain
}

// frame32 is the frame number by which the frame table knows the domain.
func (d *Domain) frame32() uint32 { return uint32(frameOfAddr(unsafe.Pointer(d))) }

// domainOfFrame is the domain that an owner stands for, nil if there is none.
func domainOfFrame(owner uint32) *Domain {
	for d := domains.head; d != nil; d = d.next {
		if d.frame32() == owner {
			return d
		}
	}
	return nil
}

// dirty is the set of CPUs that may hold translations of d.
func (d *Domain) dirty() uint64 { return atomic.LoadUint64(&d.dirtyCPUs) }

// hold takes a reference on d, which the caller knows to exist.
func (d *Domain) hold() {
	assert(d.refs != 0)
	atomic.AddUint32(&d.refs, 1)
}

// put drops a reference; the last one destroys d.
func (d *Domain) put() {
	n := atomic.AddUint32(&d.refs, ^uint32(0))
	assert(n != ^uint32(0))
	if n == 0 {
		destroyDomain(d)
	}
}

// domainFrom returns the first domain with an id not below the given one, with
// a reference, or nil.
func domainFrom(id uint32) *Domain {
	domains.lk.lock()
	d := domains.head
	for d != nil && (uint32(d.id) < id || !d.tryHold()) {
		d = d.next
	}
	domains.lk.unlock()
	return d
}

// tryHold takes a reference unless the last one is gone.
func (d *Domain) tryHold() bool {
	for {
		n := atomic.LoadUint32(&d.refs)
		if n == 0 {
			return false
		}
		if atomic.CompareAndSwapUint32(&d.refs, n, n+1) {
			return true
		}
	}
}

// lookupDomain returns a domain by id with a reference, or nil.
func lookupDomain(id uint16) *Domain {
	d := domainFrom(uint32(id))
	if d != nil && d.id != id {
		d.put()
		d = nil
	}
	return d
}

// findDomain is lookupDomain for domains that are not dying.
func findDomain(id uint16) *Domain {
	d := lookupDomain(id)
	if d != nil && d.dying {
		d.put()
		d = nil
	}
	return d
}

// createDomain makes a domain without memory and vCPUs, nil if the heap is
// exhausted or there is one with that id. It has one reference, which killDomain
// drops.
func createDomain(id uint16, maxPages uint64) *Domain {
	m := allocHeapPage()
	if m == 0 {
		return nil
	}
	d := (*Domain)(frameAddr(m))
	d.id, d.refs, d.maxPages, d.weight, d.mostPorts = id, 1, maxPages, defaultWeight, abi.NumEvtchn2L
	d.grantLimit, d.trackLimit = grantFrames, trackPages
	s := allocHeapPage()
	if s == 0 || !d.addBucket(0) {
		if s != 0 {
			freeHeapPage(s)
		}
		d.eachBucketPage(func(p unsafe.Pointer) { freeHeapPage(frameOfAddr(p)) })
		freeHeapPage(m)
		return nil
	}
	d.shared = (*abi.SharedInfo)(frameAddr(s))
	for i := range d.shared.EvtchnMask {
		d.shared.EvtchnMask[i] = ^uint64(0)
	}
	sharePage(s, d)
	d.showWallclock()
	domains.lk.lock()
	at := &domains.head
	for *at != nil && (*at).id < id {
		at = &(*at).next
	}
	if *at != nil && (*at).id == id {
		// A domain whose last reference has just gone: lookupDomain does not
		// find it.
		domains.lk.unlock()
		d.refs = 0
		d.freeObjects()
		return nil
	}
	d.next = *at
	*at = d
	domains.lk.unlock()
	return d
}

// mostVCPUs bounds the vCPUs of one CPU, whose heap of timers has room for the
// three of each, for the watchdogs of the domain whose first vCPU it may be, and for
// some of the CPU's own.
const mostVCPUs = (maxTimers - 8) / (3 + domainWatchdogs)

// cpuFull says whether a CPU has as many vCPUs as it can have.
func cpuFull(cpu uint32) bool {
	n := 0
	domains.lk.lock()
	for d := domains.head; d != nil; d = d.next {
		for i := uint32(0); i < d.nvcpus; i++ {
			if d.vcpu[i].cpu == cpu {
				n++
			}
		}
	}
	domains.lk.unlock()
	return n >= mostVCPUs
}

// addVCPU gives d its next vCPU, pinned to a CPU; nil if there is no room.
func (d *Domain) addVCPU(cpu uint32) *VCPU {
	assert(d.nvcpus < maxVCPUs)
	if cpuFull(cpu) && d.id != testDomain { // the test domain sets no timers
		return nil
	}
	v := allocVCPU(d, d.nvcpus, cpu)
	if v != nil {
		d.vcpu[d.nvcpus] = v
		d.nvcpus++
	}
	return v
}

// self resolves the domain id of a hypercall's argument; a guest may name
// only itself. The result has no reference of its own.
func self(id uint16) *Domain {
	d := current().domain
	if id == abi.DomidSelf || id == d.id {
		return d
	}
	return nil
}

// crash ends the current domain, which broke a rule, and everything it runs.
func (d *Domain) crash(why string, a uint64) {
	d.appeal()
	printDomain(d, why, a)
	d.shutDown(abi.ShutdownCrash)
}

// shutDown stops all vCPUs of d for good.
func (d *Domain) shutDown(reason uint32) {
	d.lk.lockPatiently()
	if d.shutdown {
		d.lk.unlock()
		announceEnd() // whoever was about to do it may have been discarded by a recovery
		return
	}
	if !d.codeSet {
		d.shutdownCode = reason
	}
	d.shutdown = true
	for i := uint32(0); i < d.nvcpus; i++ {
		v := d.vcpu[i]
		setBits(&v.pause, pauseShutdown)
		v.sleepNoSync()
	}
	d.endLine()
	d.lk.unlock()
	announceEnd()
	raiseSoftOn(0, softReap)
}
