package main

import (
	"sync/atomic"

	"resvirt/vi/abi"
)

// checker serialises self checks, which stop all CPUs for a moment.
var checker struct {
	lk      spinlock
	stopped uint32 // CPUs that wait
	freeze  uint32 // not 0: CPUs that wait are to turn interrupts off
	frozen  uint32 // CPUs that wait with interrupts off
	release uint32
}

// testDomain is the id of the domain that a self check creates.
const testDomain = 0x7e00

// hyperSelfCheck creates and destroys a domain and checks all invariants. It
// returns 0, or what is wrong, as bits of checkAll.
func hyperSelfCheck(_, _, _, _, _ uint64) int64 {
	if !checker.lk.tryLock() {
		raiseSoft(softSchedule)
		return continueHypercall(abi.HypercallSelfCheck, 0, 0, 0, 0)
	}
	code := uint64(0)
	if !tryDomain() {
		code = checkDomainLife
	}
	holdOthers()
	bad := checkAll()
	if bad != 0 {
		bad = checkAll() // once more: a fault in the check itself must not count as a finding
	}
	letOthersGo()
	checker.lk.unlock()
	return int64(code | bad)
}

// holdOthers makes all other CPUs wait on their way back to a guest or to idle.
// First they wait with interrupts on, because what one has begun may need the
// others; when all wait, nothing is under way, and they turn interrupts off: an
// interrupt that is being served would look like one that was left in service.
func holdOthers() {
	atomic.StoreUint32(&checker.stopped, 0)
	atomic.StoreUint32(&checker.freeze, 0)
	atomic.StoreUint32(&checker.frozen, 0)
	atomic.StoreUint32(&checker.release, 0)
	others := uint32(0)
	for i := uint32(0); i < nrCPUs(); i++ {
		if i != this().ID && cpusOnline()>>i&1 != 0 {
			raiseSoftOn(i, softStop)
			others++
		}
	}
	var wait patience
	for atomic.LoadUint32(&checker.stopped) != others {
		wait.relax()
	}
	atomic.StoreUint32(&checker.freeze, 1)
	for atomic.LoadUint32(&checker.frozen) != others {
		wait.relax()
	}
}

// letOthersGo ends holdOthers.
func letOthersGo() {
	atomic.StoreUint32(&checker.release, 1)
	var wait patience
	for atomic.LoadUint32(&checker.stopped) != 0 {
		wait.relax()
	}
}

// stopSoft holds a CPU, on its way back to a guest, while another checks.
func stopSoft() {
	atomic.AddUint32(&checker.stopped, 1)
	var wait patience
	for atomic.LoadUint32(&checker.freeze) == 0 {
		wait.relax()
	}
	flags := irqSave()
	atomic.AddUint32(&checker.frozen, 1)
	for atomic.LoadUint32(&checker.release) == 0 {
		wait.relax()
	}
	atomic.AddUint32(&checker.stopped, ^uint32(0))
	irqRestore(flags)
}

// tryDomain makes a domain with a vCPU, memory and a page table, and ends it.
func tryDomain() bool {
	const pages = 8
	if d := lookupDomain(testDomain); d != nil { // left by a self check that was discarded
		if !d.gone {
			killDomain(d, false)
		}
		d.put()
	}
	d := createDomain(testDomain, pages)
	if d == nil {
		return false
	}
	v := d.addVCPU(this().ID)
	ok := v != nil
	root := mfn(0)
	for i := 0; i < pages && ok; i++ {
		m := allocDomainPage(d)
		ok = m != 0
		if i == 0 {
			root = m
		} else if ok && i < 4 {
			// A chain of tables: L4, L3, L2, L1.
			t := tableAt(root)
			for j := 1; j < i; j++ {
				t = tableAt(pteFrame(t[0]))
			}
			t[0] = uint64(m)<<pageShift | pteP | pteW | pteU
		}
	}
	if ok {
		ok = pin(root, d, ptL4) == 0 && getPageAndType(root, d, ptL4) == 0
	}
	if ok {
		v.arch.guestTable = root
		port, rc := allocUnbound(d, testDomain)
		_, rc2 := bindInterdomain(d, d, port)
		ok = rc == 0 && rc2 == 0
	}
	commit() // from here on it is a domain like any other
	killDomain(d, false)
	commit()
	return ok
}
