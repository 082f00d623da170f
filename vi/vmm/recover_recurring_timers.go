package main

// Step recurring_timers. A timer leaves the heap before its handler runs, and a
// handler that wants to recur sets it again. If the handler was discarded in
// between, the timer would never expire again.

// recurringTimers sets the timers that should be set. A new instance has started
// its CPUs' own timers, and takes over from the failed one the timers of vCPUs that
// were set.
func recurringTimers() {
	if !resetting() {
		refillAll()
	}
	if !begin(stepRecurringTimers) {
		return
	}
	if resetting() {
		for i := uint32(0); i < nrCPUs(); i++ {
			recur(cpuByID(i))
		}
	}
	eachVCPU(recurVCPU)
	for d := domains.head; d != nil; d = d.next {
		d.eachTimer(recurOnce)
	}
}

// refillAll sets all timers of vCPUs and domains that were in a heap.
func refillAll() {
	eachVCPU(refill)
	for d := domains.head; d != nil; d = d.next {
		d.eachTimer(setAgain)
	}
}

// refill sets those timers of a vCPU that were in a heap of the failed instance.
func refill(v *VCPU) {
	for _, t := range [...]*timer{&v.pollTimer, &v.singleshot, &v.periodic} {
		setAgain(t)
	}
}

// recur sets a CPU's own timers again.
func recur(c *CPU) {
	k := &c.core
	k.timers.running = nil
	t := now()
	if !k.sched.tick.active() {
		k.sched.tick.set(t + params.tickNS)
	}
	if watched() && !k.watchdogTimer.active() {
		k.watchdogTimer.set(t + params.watchdogNS)
	}
	if c.ID == 0 && !k.clock.timer.active() {
		k.clock.timer.set(t + params.calibNS)
	}
}

// recurVCPU sets the timers of a vCPU whose handlers may not have run to the end.
func recurVCPU(v *VCPU) {
	if v.periodNS != 0 && !v.periodic.active() {
		v.periodic.set(now() + v.periodNS)
	}
	recurOnce(&v.pollTimer)
	recurOnce(&v.singleshot)
}

// recurOnce sets a timer whose handler was running. One expiry too many is harmless.
func recurOnce(t *timer) {
	if persist().cpus[t.cpu&(maxCPUs-1)].running == t && !t.active() {
		t.set(t.expires)
	}
}

// eachVCPU calls fn for every vCPU of every domain.
func eachVCPU(fn func(*VCPU)) {
	for d := domains.head; d != nil; d = d.next {
		for i := uint32(0); i < d.nvcpus; i++ {
			fn(d.vcpu[i])
		}
	}
}
