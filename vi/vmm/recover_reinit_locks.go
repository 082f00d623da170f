package main

// Step reinit_locks. A lock whose holder was discarded stays taken for ever.
// This step frees the locks in heap objects, and those in the CPUs' blocks and
// in interrupt descriptors. (In a new instance the latter are free already.
// Other locks in static data have a step of their own, see
// recover_static_locks.go.)
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
