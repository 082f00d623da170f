package main

// Step recurring_timers. A timer leaves the heap before its handler runs, and a
// handler that wants to recur sets it again. If it was discarded in between the
// timer would never expire again. The CPUs' own timers start with the new
// instance; those of vCPUs are looked after here.

// retime fills the new instance's heaps with the timers of vCPUs that were in
// the old ones.
func retime() {
	for d := domains.head; d != nil; d = d.next {
		for i := uint32(0); i < d.nvcpus; i++ {
			v := d.vcpu[i]
			for _, t := range [...]*timer{&v.pollTimer, &v.singleshot, &v.periodic} {
				if t.pos != 0 {
					t.pos = 0
					t.set(t.expires)
				}
			}
		}
	}
	if !begin(stepRecurringTimers) {
		return
	}
	for d := domains.head; d != nil; d = d.next {
		for i := uint32(0); i < d.nvcpus; i++ {
			v := d.vcpu[i]
			if v.periodNS != 0 && !v.periodic.active() {
				v.periodic.set(now() + v.periodNS)
			}
			for _, t := range [...]*timer{&v.pollTimer, &v.singleshot} {
				if persist().cpus[t.cpu&(maxCPUs-1)].running == t && !t.active() {
					t.set(t.expires) // once more is harmless
				}
			}
		}
	}
}
