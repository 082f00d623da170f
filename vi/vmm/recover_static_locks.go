package main

import "sync/atomic"

// Step static_locks. Locks in static data, and the requests to other CPUs that
// they guard, belong to threads that are gone: who takes such a lock spins for
// ever, and who serves such a request waits for a partner that never comes. In
// a new instance all of it is as it was at boot.

func staticLocks() {
	if !resetting() || !begin(stepStaticLocks) {
		return
	}
	heap.lk, domains.lk, consoleLock, domctlLock = spinlock{}, spinlock{}, spinlock{}, spinlock{}
	call.lk, flushRequest.lk, checker.lk, grantLock = spinlock{}, spinlock{}, spinlock{}, spinlock{}
	atomic.StoreUint64(&call.todo, 0)
	atomic.StoreUint64(&flushRequest.todo, 0)
	for i := uint32(0); i < nrCPUs(); i++ {
		testAndClear(&cpuByID(i).core.softirq, softStop)
	}
}
