package main

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/abi"
)

// hyperSchedOp is sched_op.
func hyperSchedOp(cmd, arg, _, _, _ uint64) int64 {
	v := current()
	switch cmd {
	case abi.SchedopYield:
		v.pri = min(v.pri, priUnder)
		v.yielded = true
		raiseSoft(softSchedule)
		return 0
	case abi.SchedopBlock:
		// Blocking opens the gate for events; one may be waiting already.
		v.info.EvtchnUpcallMask = 0
		setBits(&v.pause, pauseBlocked)
		if v.eventsPending() {
			clearBits(&v.pause, pauseBlocked)
		} else {
			raiseSoft(softSchedule)
		}
		return 0
	case abi.SchedopShutdown:
		var s abi.SchedShutdown
		if !fromGuest(unsafe.Pointer(&s), arg, uint64(unsafe.Sizeof(s))) {
			return -abi.EFAULT
		}
		if s.Reason == abi.ShutdownCrash && params.guest != 0 {
			v.dump(guestRegs())
		}
		v.domain.shutDown(s.Reason)
		return 0
	case abi.SchedopShutdownCode:
		var s abi.SchedShutdown
		if !fromGuest(unsafe.Pointer(&s), arg, uint64(unsafe.Sizeof(s))) {
			return -abi.EFAULT
		}
		d := v.domain
		d.lk.lockPatiently()
		if !d.shutdown {
			d.shutdownCode, d.codeSet = s.Reason, true
		}
		d.lk.unlock()
		return 0
	case abi.SchedopWatchdog:
		return schedWatchdog(v.domain, arg)
	case abi.SchedopPinOverride:
		return -abi.EPERM
	case abi.SchedopPoll:
		return poll(v, arg)
	}
	return -abi.ENOSYS
}

// poll is SCHEDOP_poll: v waits until one of some ports is pending, or until a
// time. No event is lost between the check and the sleep: whoever raises a port
// looks at pollMask afterwards, and we set pollMask before we look at the
// ports.
func poll(v *VCPU, arg uint64) int64 {
	var p abi.SchedPoll
	if !fromGuest(unsafe.Pointer(&p), arg, uint64(unsafe.Sizeof(p))) {
		return -abi.EFAULT
	}
	if p.NrPorts > 128 || !guestRange(p.Ports, uint64(p.NrPorts)*4) {
		return -abi.EINVAL
	}
	d := v.domain
	v.pollPort = ^uint32(0)
	setBits(&v.pause, pauseBlocked|pausePoll)
	testAndSet(&d.pollMask, uint(v.id))
	rc := int64(0)
	ready := false
	for i := uint64(0); i < uint64(p.NrPorts) && !ready && rc == 0; i++ {
		var port uint32
		if !fromGuest(unsafe.Pointer(&port), p.Ports+i*4, 4) {
			rc = -abi.EFAULT
		} else if port >= d.portLimit() {
			rc = -abi.EINVAL
		} else {
			ready = d.isPending(port)
			if p.NrPorts == 1 {
				v.pollPort = port
			}
		}
	}
	if rc == 0 && !ready && !v.eventsPending() {
		if p.Timeout != 0 {
			v.pollTimer.set(int64(p.Timeout))
		}
		raiseSoft(softSchedule)
		return 0
	}
	v.pollPort = 0
	testAndClear(&d.pollMask, uint(v.id))
	clearBits(&v.pause, pauseBlocked|pausePoll)
	return rc
}

// pollExpired ends a poll by time.
func pollExpired(t *timer) {
	v := t.vcpu
	if testAndClear(&v.domain.pollMask, uint(v.id)) {
		v.pollPort = 0
		v.unblock()
	}
}

// hyperSetTimerOp is set_timer_op: one timer per vCPU, raising VIRQ_TIMER.
func hyperSetTimerOp(timeout, _, _, _, _ uint64) int64 {
	t := &current().singleshot
	if timeout == 0 {
		t.stop()
		return 0
	}
	t.set(int64(timeout & (1<<63 - 1)))
	return 0
}

// singleshotExpired is the handler of a vCPU's timer.
func singleshotExpired(t *timer) { sendVIRQ(t.vcpu, abi.VirqTimer) }

// periodicExpired is the handler of a vCPU's periodic timer, which recurs until it
// is stopped.
func periodicExpired(t *timer) {
	sendVIRQ(t.vcpu, abi.VirqTimer)
	if period := atomic.LoadInt64(&t.vcpu.periodNS); period != 0 {
		t.set(t.expires + period)
	}
}
