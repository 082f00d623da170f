package main

// Step timer_heap. Putting a timer into its CPU's heap, or taking it out, moves
// others up and down one by one. If that is discarded half way, a timer is in
// the heap twice or the heap is out of order. A timer itself knows whether it is
// set, and when it expires: that is enough to make the heaps anew. A new
// instance does it anyway.

func timerHeap() {
	if !resetting() || !begin(stepTimerHeap) {
		return
	}
	for i := uint32(0); i < nrCPUs(); i++ {
		k := &cpuByID(i).core
		k.timers = timerCPU{running: k.timers.running}
		for _, t := range [...]*timer{&k.sched.tick, &k.sched.slice, &k.watchdogTimer, &k.clock.timer} {
			setAgain(t)
		}
	}
	refillAll()
}

// setAgain sets a timer in an empty heap if it was set.
func setAgain(t *timer) {
	if t.pos != 0 {
		t.pos = 0
		t.set(t.expires)
	}
}
