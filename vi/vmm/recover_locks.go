package main

// Step reinit_locks. A lock whose holder was discarded stays taken for ever.
// Those in static data and in the CPUs' blocks are free in a new instance;
// those in heap objects are freed here.
func reinitLocks() {
	if !begin(stepReinitLocks) {
		return
	}
	for d := domains.head; d != nil; d = d.next {
		d.lk, d.pageLock, d.eventLock, d.mmuLock = spinlock{}, spinlock{}, spinlock{}, spinlock{}
		for i := uint32(0); i < d.nvcpus; i++ {
			d.vcpu[i].virqLock = spinlock{}
		}
	}
}
