package guest

import (
	"math/bits"
	"sync/atomic"
	"unsafe"

	"resvirt/vi/abi"
)

// now is the system time in nanoseconds (xen.h, vcpu_time_info).
func now() uint64 {
	t := &shared.VcpuInfo[this().vcpu].Time
	for {
		v := atomic.LoadUint32(&t.Version)
		delta := rdtsc() - t.TSCTimestamp
		if t.TSCShift >= 0 {
			delta <<= uint(t.TSCShift) & 63
		} else {
			delta >>= uint(-t.TSCShift) & 63
		}
		hi, lo := bits.Mul64(delta, uint64(t.TSCToSystemMul))
		ns := t.SystemTime + hi<<32 + lo>>32
		if v&1 == 0 && atomic.LoadUint32(&t.Version) == v {
			return ns
		}
	}
}

// tickAt is when the timer is set to fire, 0 when it is not set.
var tickAt uint64

// arm sets the one-shot timer unless it will fire before that time anyway.
func arm(at uint64) {
	if tickAt != 0 && tickAt <= at {
		return
	}
	tickAt = at
	t := abi.VcpuSetSingleshotTimer{TimeoutAbsNS: at}
	must("set_singleshot_timer", vcpuOp(abi.VcpuopSetSingleshotTimer, 0, unsafe.Pointer(&t)))
}

// armTick makes the timer end the quantum of the process about to run.
func armTick() { arm(now() + quantumNS) }

// armWake makes the timer wake the next sleeper, before the processor idles.
func armWake() {
	first := uint64(0)
	for i := range procs {
		if p := &procs[i]; p.state == procSleeping && p.wakeAt != 0 && (first == 0 || p.wakeAt < first) {
			first = p.wakeAt
		}
	}
	switch {
	case first != 0:
		tickAt = first
		must("set_timer_op", hypercall(abi.HypercallSetTimerOp, first, 0, 0, 0))
	case tickAt != 0:
		tickAt = 0
		must("stop_singleshot_timer", vcpuOp(abi.VcpuopStopSingleshotTimer, 0, nil))
	}
}

// tick is the timer's event: it wakes sleepers and ends the quantum.
func tick() {
	tickAt = 0
	needSwitch = true
	t := now()
	for i := range procs {
		if p := &procs[i]; p.state == procSleeping && p.wakeAt != 0 && p.wakeAt <= t {
			p.wake()
		}
	}
}

// sleepUntil is nanosleep: nothing else wakes the process.
func sleepUntil(t uint64) {
	for now() < t {
		current.wakeAt = t
		arm(t)
		sleep(unsafe.Pointer(&current.wakeAt))
	}
}
