package main

// timer is a software timer. A timer that is set is in the heap of its CPU. It
// leaves the heap before its handler runs; a handler that wants to recur sets
// it again.
type timer struct {
	expires int64
	fn      func(*timer)
	vcpu    *VCPU // of timers that belong to a vCPU
	cpu     uint32
	pos     uint32 // place in the heap, 0 = not in it
}

// maxTimers bounds one CPU's heap: a few of the CPU's own, three per vCPU and a
// domain's watchdogs.
const maxTimers = 98

// timerCPU is one CPU's heap of timers, heap[1] the first to expire, over its
// one-shot APIC timer.
type timerCPU struct {
	lk       spinlock
	size     uint32
	running  *timer // whose handler runs
	deadline int64  // the time for which the hardware is set, 0 = off
	heap     [maxTimers + 1]*timer
}

// init prepares a timer for a CPU.
func (t *timer) init(fn func(*timer), v *VCPU, cpu uint32) {
	t.fn, t.vcpu, t.cpu, t.pos, t.expires = fn, v, cpu, 0, 0
}

// set makes the timer expire at a system time; it may be set already.
func (t *timer) set(expires int64) {
	q := &cpuByID(t.cpu).core.timers
	flags := q.lk.lockSave()
	if t.pos != 0 {
		q.remove(t)
	}
	t.expires = expires
	if q.add(t) {
		raiseSoftOn(t.cpu, softTimer) // timerSoft sets the hardware at its end
	}
	q.lk.unlockRestore(flags)
}

// stop takes the timer out of the heap.
func (t *timer) stop() {
	q := &cpuByID(t.cpu).core.timers
	flags := q.lk.lockSave()
	if t.pos != 0 && q.remove(t) {
		raiseSoftOn(t.cpu, softTimer)
	}
	q.lk.unlockRestore(flags)
}

// kill stops the timer, also one whose handler runs and sets it again, and says
// whether it was set.
func (t *timer) kill() (was bool) {
	assert(!inIRQ())
	q := &cpuByID(t.cpu).core.timers
	assert(cpuByID(t.cpu) != this() || q.running != t)
	var wait patience
	for {
		was = was || t.active()
		t.stop()
		flags := q.lk.lockSave()
		dead := q.running != t && t.pos == 0
		q.lk.unlockRestore(flags)
		if dead {
			return was
		}
		wait.relax()
	}
}

// active says whether the timer is in a heap.
func (t *timer) active() bool { return t.pos != 0 }

// timerSoft runs the handlers of all timers that have expired, and then sets
// the hardware for the next one. Until then the hardware is not armed.
func timerSoft() {
	assert(!inIRQ())
	q := &this().core.timers
	count(statTicks)
	q.lk.lockIRQ()
	for q.size != 0 && q.heap[1].expires <= now() {
		t := q.heap[1]
		q.running = t // before it leaves the heap, so that recovery finds it here or there
		q.remove(t)
		fn := t.fn
		q.lk.unlockIRQ()
		fn(t)
		q.lk.lockIRQ()
		q.running = nil
	}
	q.deadline = 0
	if q.size != 0 {
		q.deadline = q.heap[1].expires
	}
	if !armTimer(q.deadline) {
		raiseSoft(softTimer)
	}
	q.lk.unlockIRQ()
}

// armTimer sets the one-shot APIC timer; it fails if the time is past.
func armTimer(deadline int64) bool {
	if deadline == 0 {
		setAPICTimer(0)
		return true
	}
	delta := deadline - now()
	if delta <= 0 {
		return false
	}
	if delta > 1e9 {
		delta = 1e9
	}
	ticks := uint64(delta)*(clock.apicHz/1e6)/1000 + 1
	setAPICTimer(uint32(min(ticks, 0xffffffff)))
	return true
}

// timerInterrupt is the APIC timer's interrupt.
func timerInterrupt() {
	count(statTimerIRQs)
	raiseSoft(softTimer)
}

// add puts a timer into the heap and says whether it is the first now.
func (q *timerCPU) add(t *timer) bool {
	assert(t.pos == 0 && q.size < maxTimers)
	q.size++
	return q.up(q.size, t) == 1
}

// remove takes a timer out and says whether it was the first.
func (q *timerCPU) remove(t *timer) bool {
	pos := t.pos
	assert(pos >= 1 && pos <= q.size && q.heap[pos] == t)
	t.pos = 0
	last := q.heap[q.size]
	q.heap[q.size] = nil
	q.size--
	if last != t {
		if pos > 1 && q.heap[pos/2].expires > last.expires {
			q.up(pos, last)
		} else {
			q.down(pos, last)
		}
	}
	return pos == 1
}

// up moves the hole at pos up to the place where t belongs.
func (q *timerCPU) up(pos uint32, t *timer) uint32 {
	for pos > 1 && q.heap[pos/2].expires > t.expires {
		q.heap[pos] = q.heap[pos/2]
		q.heap[pos].pos = pos
		pos /= 2
	}
	q.heap[pos] = t
	t.pos = pos
	return pos
}

// down moves the hole at pos down to the place where t belongs.
func (q *timerCPU) down(pos uint32, t *timer) {
	for 2*pos <= q.size {
		child := 2 * pos
		if child < q.size && q.heap[child+1].expires < q.heap[child].expires {
			child++
		}
		if q.heap[child].expires >= t.expires {
			break
		}
		q.heap[pos] = q.heap[child]
		q.heap[pos].pos = pos
		pos = child
	}
	q.heap[pos] = t
	t.pos = pos
}
