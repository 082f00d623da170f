package main

import (
	"testing"

	"resvirt/vi/abi"
)

// The CPU's record is right, whatever the vCPUs say; the run queue holds the
// other vCPUs.
func TestSchedMetadata(t *testing.T) {
	recoverable(t)
	_, running := newDomain(t, 1)
	_, ready := newDomain(t, 2)
	_, blocked := newDomain(t, 3)
	k := &testCPU.core
	k.curr, k.sched.curr = running, running
	running.pause, ready.pause, blocked.pause = 0, 0, pauseBlocked
	running.state, running.queued = abi.RunstateRunnable, true
	ready.state, ready.isRunning = abi.RunstateRunning, 1
	ready.qnext = running
	blocked.state, blocked.queued = abi.RunstateRunning, true
	k.idle.state, k.idle.isRunning = abi.RunstateRunning, 1
	k.sched.head = nil
	schedMetadata()
	if running.state != abi.RunstateRunning || running.isRunning != 1 || running.queued {
		t.Errorf("running: %d %d %v", running.state, running.isRunning, running.queued)
	}
	if k.sched.head != ready || ready.qnext != nil || ready.state != abi.RunstateRunnable || ready.isRunning != 0 {
		t.Errorf("ready: %d %d, queue %p", ready.state, ready.isRunning, k.sched.head)
	}
	if blocked.state != abi.RunstateBlocked || blocked.queued || k.idle.isRunning != 0 {
		t.Errorf("blocked: %d %v, idle %d", blocked.state, blocked.queued, k.idle.isRunning)
	}
}

// Timers that were set go into the new heap. One whose handler was running does
// so only with the step.
func TestRecurringTimers(t *testing.T) {
	for _, on := range []bool{true, false} {
		recoverable(t)
		_, v := newDomain(t, 1)
		persist().policy = 0
		if on {
			persist().policy = 1 << stepRecurringTimers
		}
		v.singleshot.expires, v.singleshot.pos = 700, 3 // in the old heap
		v.periodNS = 50                                 // its handler was running
		v.pollTimer.expires = 300
		persist().cpus[0].running = &v.pollTimer
		q := &testCPU.core.timers
		before := q.size
		recurringTimers()
		want := before + 1
		if on {
			want = before + 3
		}
		if q.size != want || !v.singleshot.active() || v.periodic.active() != on || v.pollTimer.active() != on {
			t.Errorf("step %v: %d timers: %v %v %v", on, q.size, v.singleshot.active(), v.periodic.active(), v.pollTimer.active())
		}
	}
}

// An event whose announcement was cut off is announced, and its vCPU wakes.
func TestEventRedelivery(t *testing.T) {
	recoverable(t)
	d, v := newDomain(t, 1)
	port, rc := bindVIRQ(d, abi.VirqTimer, 0)
	if rc != 0 {
		t.Fatal(rc)
	}
	d.shared.EvtchnMask[port/64] = 0
	v.pause, v.state = pauseBlocked, abi.RunstateBlocked
	testAndSet(&d.shared.EvtchnPending[port/64], uint(port%64)) // setPending's first step
	eventRedelivery()
	if v.info.EvtchnPendingSel != 1<<(port/64) || v.info.EvtchnUpcallPending != 1 || v.pause != 0 || !v.queued {
		t.Errorf("selector %#x, upcall %d, pause %#x", v.info.EvtchnPendingSel, v.info.EvtchnUpcallPending, v.pause)
	}
}

// Each lock of a heap object is free afterwards.
func TestReinitLocks(t *testing.T) {
	recoverable(t)
	d, v := newDomain(t, 1)
	d.lk.v, d.pageLock.v, d.eventLock.v, d.mmuLock.v, v.virqLock.v = 1, 2, 3, 4, 5
	persist().policy = 0
	reinitLocks()
	if d.pageLock.v != 2 {
		t.Error("the step was not allowed")
	}
	persist().policy = 1 << stepReinitLocks
	reinitLocks()
	if d.lk.v|d.pageLock.v|d.eventLock.v|d.mmuLock.v|v.virqLock.v != 0 {
		t.Error("a lock is still held")
	}
}
