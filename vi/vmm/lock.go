package main

import "sync/atomic"

// spinlock is a lock that is waited for by spinning. Its holder is recorded;
// releasing a lock that is free, or another CPU's, is a bug and is asserted.
// The zero value is free, which is also what recovery writes into every lock
// whose holder it has discarded.
type spinlock struct {
	v uint32 // 0: free, else 1 + number of the CPU that holds it
}

// lock waits for the lock with PAUSE between looks.
func (l *spinlock) lock() {
	me := this().ID + 1
	for !atomic.CompareAndSwapUint32(&l.v, 0, me) {
		assert(atomic.LoadUint32(&l.v) != me) // taken twice by this CPU: would never end
		for atomic.LoadUint32(&l.v) != 0 {
			cpuRelax()
		}
	}
}

// lockPatiently waits for a lock that is held during long work (working.go).
func (l *spinlock) lockPatiently() {
	var wait patience
	for !l.tryLock() {
		assert(!l.held())
		wait.relax()
	}
}

// tryLock takes the lock if it is free.
func (l *spinlock) tryLock() bool {
	return atomic.CompareAndSwapUint32(&l.v, 0, this().ID+1)
}

// unlock releases a lock that this CPU holds.
func (l *spinlock) unlock() {
	assert(l.v == this().ID+1)
	atomic.StoreUint32(&l.v, 0)
}

// held says whether this CPU holds the lock.
func (l *spinlock) held() bool { return atomic.LoadUint32(&l.v) == this().ID+1 }

// lockIRQ takes the lock with interrupts off. They must be on before.
func (l *spinlock) lockIRQ() {
	irqOff()
	l.lock()
}

// unlockIRQ releases the lock and turns interrupts on.
func (l *spinlock) unlockIRQ() {
	l.unlock()
	irqOn()
}

// lockSave takes the lock with interrupts off and returns the flags from
// before.
func (l *spinlock) lockSave() uint64 {
	flags := irqSave()
	l.lock()
	return flags
}

// unlockRestore releases the lock and restores the flags of lockSave.
func (l *spinlock) unlockRestore(flags uint64) {
	l.unlock()
	irqRestore(flags)
}
