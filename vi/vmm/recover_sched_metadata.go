package main

import "resvirt/vi/abi"

// Step sched_metadata. Which vCPU runs is recorded in the CPU's block, in the
// vCPU's run state, in the vCPU's running flag, and in the run queues; a switch
// changes these one after the other. The record of the CPU is right: it says
// whose registers the CPU has.

// schedMetadata makes every vCPU's state agree with the CPUs' records.
func schedMetadata() {
	if !begin(stepSchedMetadata) {
		if !resetting() {
			requeueAll() // a new instance has empty queues
		}
		return
	}
	for i := uint32(0); i < nrCPUs(); i++ {
		k := &cpuByID(i).core
		if !vcpuOK(k.curr) {
			k.curr = k.idle
		}
		k.sched.curr, k.sched.head = k.curr, nil
	}
	for d := domains.head; d != nil; d = d.next {
		for i := uint32(0); i < d.nvcpus; i++ {
			repairVCPU(d.vcpu[i])
		}
	}
	for i := uint32(0); i < nrCPUs(); i++ {
		repairVCPU(cpuByID(i).core.idle)
	}
	requeueAll()
}

func repairVCPU(v *VCPU) {
	v.queued, v.isRunning = false, 0
	switch {
	case cpuByID(v.cpu).core.curr == v:
		v.state, v.isRunning = abi.RunstateRunning, 1
	case v.runnable():
		v.state, v.queued = abi.RunstateRunnable, !v.isIdle()
	case v.pause&pauseBlocked != 0:
		v.state = abi.RunstateBlocked
	default:
		v.state = abi.RunstateOffline
	}
}

// requeueAll puts the vCPUs that are marked as queued into empty run queues.
func requeueAll() {
	for d := domains.head; d != nil; d = d.next {
		for i := uint32(0); i < d.nvcpus; i++ {
			v := d.vcpu[i]
			v.qnext, v.qprev = nil, nil
			if v.queued {
				v.queued = false
				q := &cpuByID(v.cpu).core.sched
				q.lk.lock()
				q.insert(v)
				q.lk.unlock()
			}
		}
	}
}
