package main

import "sync/atomic"

// Pausing: a domain does not run while its count of pauses is not zero.

// paused says whether the domain's vCPUs may not run.
func (d *Domain) paused() bool { return atomic.LoadUint32(&d.pauseCount) != 0 }

// setPauses changes the count of a domain other than the caller's. With the
// first pause it returns when no vCPU of the domain runs any more.
func (d *Domain) setPauses(n uint32) {
	atomic.StoreUint32(&d.pauseCount, n)
	for i := uint32(0); i < d.nvcpus; i++ {
		if n != 0 {
			d.vcpu[i].sleepSync()
		} else {
			d.vcpu[i].wake()
		}
	}
}

// moveTo gives v, which is paused and does not run, to another CPU.
func (v *VCPU) moveTo(cpu uint32) {
	assert(!v.runnable() && v.isRunning == 0 && !v.queued)
	timers := [...]*timer{&v.pollTimer, &v.singleshot, &v.periodic}
	var was [len(timers)]bool
	for i, t := range timers {
		was[i] = t.kill()
	}
	q, flags := v.lockQueue()
	atomic.StoreUint32(&v.cpu, cpu)
	q.lk.unlockRestore(flags)
	for i, t := range timers {
		t.cpu = cpu
		if was[i] {
			t.set(t.expires)
		}
	}
}
