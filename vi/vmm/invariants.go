package main

import "resvirt/vi/abi"

// What checkAll found wrong, a bit each.
const (
	checkDomainLife = 1 << iota
	checkHeap
	checkPages
	checkVCPUs
	checkQueues
	checkTimers
	checkLocks
	checkInterrupts
	checkContexts
	checkEvents
)

// checkAll checks the invariants of all structures. Nothing may change
// meanwhile: other CPUs are idle or are held on the way back to their guests.
func checkAll() uint64 {
	bad := checkHeapLists() | checkQuick()
	for d := domains.head; d != nil; d = d.next {
		bad |= checkPagesOf(d)
		for i := uint32(0); i < d.nvcpus; i++ {
			if v := d.vcpu[i]; v.initOK && !v.loadable() {
				bad |= checkContexts
			}
		}
	}
	return complain(bad)
}

// checkQuick checks what does not grow with memory.
func checkQuick() uint64 {
	bad := uint64(0)
	for d := domains.head; d != nil; d = d.next {
		bad |= checkDomain(d)
	}
	for i := uint32(0); i < nrCPUs(); i++ {
		bad |= checkCPU(cpuByID(i))
	}
	if heap.lk.v|grantLock.v|deviceLock.v|iommuLock.v|domains.lk.v|call.lk.v|flushRequest.lk.v|consoleLock.v|domctlLock.v != 0 {
		bad |= checkLocks
	}
	return bad
}

// complain says what is wrong.
func complain(bad uint64) uint64 {
	if bad != 0 {
		logHex("invariants violated", bad)
	}
	return bad
}

// checkHeapLists: every listed block is free in the frame table, and the
// count is right.
func checkHeapLists() uint64 {
	n := uint64(0)
	for order := range heap.head {
		prev := uint32(0)
		for m := uint32(heap.head[order]); m != 0; {
			p := pageOf(mfn(m))
			if p.count != pgFree || p.typ != pageHead|uint64(order) || p.prev != prev {
				return checkHeap
			}
			n += 1 << order
			prev, m = m, p.next
		}
	}
	if n != heap.nfree {
		return checkHeap
	}
	return 0
}

// checkPagesOf: the pages of a domain are its own and counted.
func checkPagesOf(d *Domain) uint64 {
	n, bad := uint64(0), uint64(0)
	for m := mfn(d.pageList); m != 0; n++ {
		p := pageOf(m)
		if p.owner != d.frame32() || p.count&pgRefs == 0 || p.count&(pgFree|pgHeap) != 0 ||
			p.typ&ptLocked != 0 || p.typ&ptCount != 0 && p.typ&ptValidated == 0 ||
			p.typ&ptCount > p.count&pgRefs {
			bad |= checkPages
		}
		m = mfn(p.next)
	}
	if n != d.totPages {
		bad |= checkPages
	}
	return bad
}

// checkDomain: no lock of a domain is held, its vCPUs are consistent.
func checkDomain(d *Domain) uint64 {
	bad := uint64(0)
	if d.lk.v|d.pageLock.v|d.eventLock.v|d.fifoLock.v != 0 {
		bad |= checkLocks
	}
	if !d.soundQueues() || !d.soundHeld() || !d.soundPirqs() {
		bad |= checkEvents
	}
	for i := uint32(0); i < d.nvcpus; i++ {
		v := d.vcpu[i]
		q := &cpuByID(v.cpu).core.sched
		running := q.curr == v
		if running != (v.state == abi.RunstateRunning) || running != (v.isRunning != 0) ||
			v.queued != (v.state == abi.RunstateRunnable) {
			bad |= checkVCPUs
		}
		if v.virqLock.v != 0 {
			bad |= checkLocks
		}
	}
	return bad
}

// soundQueues: what the VMM itself knows of event words and queues. Their content
// is the guest's to change.
func (d *Domain) soundQueues() bool {
	f := d.fifo
	if f == nil {
		return !d.usesFIFO()
	}
	for i := range f.control {
		if c := &f.control[i]; c.offset&7 != 0 || c.offset > lastControlOffset || c.frame != 0 && uint32(i) >= d.nvcpus {
			return false
		}
	}
	for q, port := range f.tails {
		if e := d.port(port); port != 0 && (e == nil || uint32(q/fifoQueues) >= d.nvcpus) {
			return false
		}
	}
	return true
}

// soundPirqs: a PIRQ and its port know each other, and the vector of its source leads to it.
func (d *Domain) soundPirqs() bool {
	for nr := uint32(0); d.io != nil && nr < maxPirqs; nr++ {
		p := &d.io.pirqs[nr]
		e := d.port(p.port)
		switch {
		case !p.possible():
			return false
		case p.port == 0:
			if p.vector != 0 || p.awaited {
				return false
			}
		case e == nil || e.state != abi.EvtchnstatPirq || e.remotePort != nr || !routeOf(p.vector).leadsTo(d, nr):
			return false
		}
	}
	return true
}

// leadsTo says whether a PIRQ is among those of a route.
func (r *route) leadsTo(d *Domain, nr uint32) bool {
	for i := uint32(0); r != nil && i < r.n && i < maxSharers; i++ {
		if r.guests[i] == (routeGuest{d, nr}) {
			return true
		}
	}
	return false
}

// soundHeld: the frames into which the VMM writes for d are d's, and in use as
// writable.
func (d *Domain) soundHeld() bool {
	ok := true
	d.eachHeld(func(at *mfn) {
		ok = ok && frameOK(*at)
		if ok {
			p := pageOf(*at)
			ok = p.owner == d.frame32() && p.count&pgRefs != 0 && p.typ&ptTypeMask == ptWritable && p.typ&ptCount != 0
		}
	})
	return ok
}

// checkCPU: queue ordered and made of runnable vCPUs; heap of timers ordered,
// each knowing its place; no lock is held.
func checkCPU(c *CPU) uint64 {
	k := &c.core
	bad := uint64(0)
	if k.curr != k.sched.curr || k.curr == nil {
		bad |= checkQueues
	}
	var prev *VCPU
	for v := k.sched.head; v != nil; v = v.qnext {
		if v.qprev != prev || !v.queued || v.cpu != c.ID || prev != nil && prev.pri < v.pri {
			bad |= checkQueues
		}
		prev = v
	}
	t := &k.timers
	for i := uint32(1); i <= t.size; i++ {
		if t.heap[i] == nil || t.heap[i].pos != i || t.heap[i].cpu != c.ID || t.heap[i/2] != nil && t.heap[i/2].expires > t.heap[i].expires {
			bad |= checkTimers
		}
	}
	if !k.sched.tick.active() && t.running != &k.sched.tick || watched() && !k.watchdogTimer.active() && t.running != &k.watchdogTimer {
		bad |= checkTimers
	}
	if k.sched.lk.v|t.lk.v != 0 {
		bad |= checkLocks
	}
	if k.irqCount != 0 || k.eoi.depth != 0 {
		bad |= checkInterrupts
	}
	return bad
}
