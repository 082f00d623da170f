package main

import (
	"sync/atomic"

	"resvirt/vi/abi"
)

// A credit scheduler: every CPU has a queue of runnable vCPUs ordered by
// priority. Running burns credit at each tick, accounting gives it back in
// proportion to the domains' weights; a vCPU that wakes with credit left is
// boosted.

// Priorities, higher first.
const (
	priIdle  = -3
	priOver  = -2
	priUnder = -1
	priBoost = 0
)

const (
	creditsPerTick  = 100
	ticksPerAcct    = 3
	creditsPerAcct  = creditsPerTick * ticksPerAcct
	ticksPerSlice   = 3
	creditsMaxSaved = creditsPerAcct
	defaultWeight   = 256
	maxWeight       = 65535
)

// schedCPU is one CPU's part of the scheduler.
type schedCPU struct {
	lk     spinlock
	head   *VCPU // run queue; the running vCPU is not in it
	curr   *VCPU // the vCPU that was chosen last
	slice  timer // ends the time slice
	tick   timer // recurs
	nticks uint32
}

// insert puts v into the queue, behind its equals.
func (q *schedCPU) insert(v *VCPU) {
	assert(q.lk.held())
	assert(!v.queued && !v.isIdle())
	v.queued = true
	var before *VCPU
	at := q.head
	for at != nil && at.pri >= v.pri {
		before, at = at, at.qnext
	}
	v.qprev, v.qnext = before, at
	if before != nil {
		before.qnext = v
	} else {
		q.head = v
	}
	if at != nil {
		at.qprev = v
	}
}

// remove takes v out of the queue.
func (q *schedCPU) remove(v *VCPU) {
	assert(q.lk.held())
	assert(v.queued)
	if v.qprev != nil {
		assert(v.qprev.qnext == v)
		v.qprev.qnext = v.qnext
	} else {
		assert(q.head == v)
		q.head = v.qnext
	}
	if v.qnext != nil {
		v.qnext.qprev = v.qprev
	}
	v.qnext, v.qprev, v.queued = nil, nil, false
}

// choose decides which vCPU runs next, given the previous one.
func (q *schedCPU) choose(prev, idle *VCPU) *VCPU {
	if prev.runnable() && !prev.isIdle() {
		yield := prev.yielded
		prev.yielded = false
		if q.head == nil || q.head.pri <= prev.pri && !yield && now() < prev.sliceStart+params.sliceNS() {
			return prev
		}
		q.insert(prev)
	}
	next := q.head
	if next == nil {
		return idle
	}
	q.remove(next)
	return next
}

// schedule runs as a soft interrupt: it gives the CPU to the best vCPU. The
// record of the CPU, the run state and the running flag change one after the
// other, and it asserts that they agree.
func schedule() {
	assert(!inIRQ())
	c := this()
	q := &c.core.sched
	q.lk.lockIRQ()
	prev := c.core.curr
	assert(q.curr == prev)
	t := now()
	q.slice.stop()
	next := q.choose(prev, c.core.idle)
	q.curr = next
	if !next.isIdle() {
		q.slice.set(t + params.sliceNS())
	}
	if prev == next {
		q.lk.unlockIRQ()
		return
	}
	assert(prev.state == abi.RunstateRunning)
	assert(next.state != abi.RunstateRunning)
	switch {
	case prev.pause&pauseBlocked != 0:
		prev.setState(abi.RunstateBlocked, t)
	case prev.runnable():
		prev.setState(abi.RunstateRunnable, t)
	default:
		prev.setState(abi.RunstateOffline, t)
	}
	next.setState(abi.RunstateRunning, t)
	next.sliceStart = t
	assert(next.isRunning == 0)
	next.isRunning = 1
	q.lk.unlockIRQ()
	contextSwitch(prev, next)
}

// lockQueue locks the queue of the CPU that v is on. As long as the queue is not
// locked, the control domain may move v to another CPU (moveTo), also while we wait
// for the lock.
func (v *VCPU) lockQueue() (*schedCPU, uint64) {
	for {
		q := &cpuByID(atomic.LoadUint32(&v.cpu)).core.sched
		flags := q.lk.lockSave()
		if q == &cpuByID(atomic.LoadUint32(&v.cpu)).core.sched {
			return q, flags
		}
		q.lk.unlockRestore(flags)
	}
}

// wake makes v runnable if nothing else keeps it from running.
func (v *VCPU) wake() {
	q, flags := v.lockQueue()
	if v.runnable() {
		if v.state >= abi.RunstateBlocked {
			v.setState(abi.RunstateRunnable, now())
		}
		if q.curr != v && !v.queued {
			if v.pri == priUnder {
				v.pri = priBoost
			}
			q.insert(v)
			if v.pri > q.curr.pri {
				raiseSoftOn(v.cpu, softSchedule)
			}
		}
	}
	q.lk.unlockRestore(flags)
}

// sleepNoSync keeps v, in which a pause bit has been set, from running further.
func (v *VCPU) sleepNoSync() {
	q, flags := v.lockQueue()
	if !v.runnable() {
		if q.curr == v {
			raiseSoftOn(v.cpu, softSchedule)
		} else {
			if v.queued {
				q.remove(v)
			}
			if v.state == abi.RunstateRunnable {
				v.setState(abi.RunstateOffline, now())
			}
		}
	}
	q.lk.unlockRestore(flags)
}

// sleepSync does what sleepNoSync does and waits until v runs no more.
func (v *VCPU) sleepSync() {
	v.sleepNoSync()
	var wait patience
	for atomic.LoadUint32(&v.isRunning) != 0 {
		assert(v != current())
		wait.relax()
	}
}

// unblock ends SCHEDOP_block and SCHEDOP_poll.
func (v *VCPU) unblock() {
	if atomic.LoadUint64(&v.pause)&pauseBlocked == 0 {
		return
	}
	clearBits(&v.pause, pauseBlocked|pausePoll)
	v.wake()
}

// schedTick is the recurring tick of a CPU: burns credit, accounts.
func schedTick(t *timer) {
	c := this()
	q := &c.core.sched
	flags := q.lk.lockSave()
	q.nticks++
	v := q.curr
	if !v.isIdle() {
		v.credit -= creditsPerTick
		if v.pri == priBoost {
			v.pri = priUnder
		}
	}
	if q.nticks%ticksPerAcct == 0 {
		q.account()
	}
	if q.head != nil && q.head.pri > v.pri {
		raiseSoft(softSchedule)
	}
	q.lk.unlockRestore(flags)
	t.set(now() + params.tickNS)
	patrol()
}

// account shares out the credit of a period, by weight among those that run or
// want to, and sets priorities.
func (q *schedCPU) account() {
	total := uint32(0)
	for v := q.head; v != nil; v = v.qnext {
		total += v.domain.weight
	}
	if !q.curr.isIdle() {
		total += q.curr.domain.weight
		q.curr.earn(share(q.curr, total))
	}
	for v := q.head; v != nil; {
		next := v.qnext
		old := v.pri
		v.earn(share(v, total))
		if v.pri != old {
			q.remove(v)
			q.insert(v)
		}
		v = next
	}
}

// share is what a vCPU gets of a period's credit.
func share(v *VCPU, total uint32) int32 {
	return int32(creditsPerAcct * v.domain.weight / max(total, 1))
}

// earn adds credit to a vCPU, within bounds.
func (v *VCPU) earn(credit int32) {
	v.credit = max(-creditsMaxSaved, min(v.credit+credit, creditsMaxSaved))
	switch {
	case v.credit < 0:
		v.pri = priOver
	case v.pri == priOver:
		v.pri = priUnder
	}
}

// sliceEnd is the handler of the time slice's timer.
func sliceEnd(*timer) { raiseSoft(softSchedule) }
