package main

import "sync/atomic"

// Step static_locks. Locks in static data, and the requests to other CPUs that
// they guard, belong to threads that were discarded: whoever takes such a lock
// would spin for ever, and whoever serves such a request would wait for a
// partner that never comes. In a new instance all of them are as at boot.

func staticLocks() {
	if !resetting() || !begin(stepStaticLocks) {
		return
	}
	heap.lk, domains.lk, consoleLock, domctlLock = spinlock{}, spinlock{}, spinlock{}, spinlock{}
	call.lk, flushRequest.lk, checker.lk, grantLock = spinlock{}, spinlock{}, spinlock{}, spinlock{}
	deviceLock, iommuLock = spinlock{}, spinlock{}
	atomic.StoreUint64(&call.todo, 0)
	atomic.StoreUint64(&flushRequest.todo, 0)
	for i := uint32(0); i < nrCPUs(); i++ {
		testAndClear(&cpuByID(i).core.softirq, softStop)
	}
}
