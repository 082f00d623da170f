package main

import "sync/atomic"

// Translation look-aside buffers. The flush clock counts complete flushes of
// any CPU: a CPU that flushed after a frame was freed holds no translation to
// it.

// flushClock is the time stamp of flushes; 0 is before the first. At its end it
// stops: from then on every CPU counts as one that has not flushed.
var flushClock uint32

// flushRequest is the one remote flush that may be in flight.
var flushRequest struct {
	lk   spinlock
	va   uint64 // flushAll, or the page to invalidate
	todo uint64 // CPUs that have not done it
}

const flushAll = ^uint64(0)

// flushLocal drops all translations of this CPU, by loading CR3 with the root that
// its vCPU holds, whatever CR3 contained.
func flushLocal() {
	flags := irqSave()
	root := uint64(idleL4Frame()) << pageShift
	if v := current(); v != nil { // a CPU that starts has none yet
		root = v.cr3()
	}
	writeCR3(root)
	irqRestore(flags)
	tickFlushClock()
}

// tickFlushClock notes that this CPU holds no old translations.
func tickFlushClock() {
	for {
		t := atomic.LoadUint32(&flushClock)
		if t == ^uint32(0) || atomic.CompareAndSwapUint32(&flushClock, t, t+1) {
			this().core.tlbTime = max(t, t+1)
			return
		}
	}
}

// flushMask drops all translations, or that of one page, on the CPUs of a mask.
func flushMask(mask uint64, va uint64) {
	c := this()
	if mask>>c.ID&1 != 0 {
		if va == flushAll {
			flushLocal()
		} else {
			invalidate(va)
		}
	}
	mask &= cpusOnline() &^ (1 << c.ID)
	if mask == 0 {
		return
	}
	assert(irqsAreOn())
	flushRequest.lk.lockPatiently() // its holder may wait for a CPU that prints
	flushRequest.va = va
	atomic.StoreUint64(&flushRequest.todo, mask)
	sendIPIs(mask, vectorFlush)
	var wait patience
	for atomic.LoadUint64(&flushRequest.todo) != 0 {
		wait.relax()
	}
	flushRequest.lk.unlock()
}

// flushFiltered flushes those CPUs of a mask that have not flushed since stamp.
func flushFiltered(mask uint64, stamp uint32) {
	need := uint64(0)
	for i := uint32(0); i < nrCPUs(); i++ {
		if mask>>i&1 != 0 && cpuByID(i).core.tlbTime <= stamp {
			need |= 1 << i
		}
	}
	if need != 0 {
		flushMask(need, flushAll)
	}
}

// flushInterrupt serves vectorFlush.
func flushInterrupt() {
	if flushRequest.va == flushAll {
		flushLocal()
	} else {
		invalidate(flushRequest.va)
	}
	clearBits(&flushRequest.todo, 1<<this().ID)
}
