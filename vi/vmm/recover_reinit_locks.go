package main

// Step reinit_locks. A lock whose holder was discarded stays taken for ever.
// Those in heap objects are freed here, and those in the CPUs' blocks and in
// interrupt descriptors, which are free already in a new instance. (Locks in
// static data proper are another step's, see recover_static_locks.go.)
func reinitLocks() {
	if !begin(stepReinitLocks) {
		return
	}
	for i := uint32(0); i < nrCPUs(); i++ {
		k := &cpuByID(i).core
		k.sched.lk, k.timers.lk = spinlock{}, spinlock{}
	}
	for i := range irqs {
		irqs[i].lk = spinlock{}
	}
	for d := domains.head; d != nil; d = d.next {
		d.lk, d.pageLock, d.mmuLock = spinlock{}, spinlock{}, spinlock{}
		d.eventLock, d.fifoLock = spinlock{}, spinlock{}
		for i := uint32(0); i < d.nvcpus; i++ {
			d.vcpu[i].virqLock = spinlock{}
		}
	}
}
