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
			return forward(this().vcpu, ns)
		}
	}
}

// latest is the time that each vCPU saw last.
var latest [2]uint64

// forward reports a time that goes back on a vCPU.
func forward(vcpu, ns uint64) uint64 {
	l := &latest[vcpu&1]
	if ns < *l {
		was := *l
		*l = ns // before the report, which reads the time
		report("time went back by", was-ns)
	}
	*l = ns
	return ns
}

// clockStart is a moment in system time, the time-stamp counter before and after it, and the
// counter's rate as the hypervisor gave it. lateNS is how late a timer may be, 0 =
// not set.
var clockStart struct {
	ns, before, after uint64
	mul               uint64
	shift             int8
	lateNS            uint64
}

func initClock() {
	c, t := &clockStart, &shared.VcpuInfo[0].Time
	c.before, c.ns, c.after = rdtsc(), now(), rdtsc()
	c.mul, c.shift = uint64(t.TSCToSystemMul), t.TSCShift
	c.lateNS = option("late_us=") * 1000
}

// checkClock checks that system time has kept to the counter's rate, and that the
// timer for tickAt comes in time. The counter is read before and after the time, since
// another VM, or a recovery, may have the processor between two instructions.
func checkClock(before, t, after uint64) {
	c := &clockStart
	first, last := c.ns+elapsed(before-c.after), c.ns+elapsed(after-c.before)
	if slack := 50000 + (t-c.ns)/256; t > last+slack || t+slack < first {
		report("system time is off by", t-first)
	}
	if c.lateNS != 0 && tickAt != 0 && t > tickAt+c.lateNS {
		report("timer is late by", t-tickAt)
	}
}

// elapsed is a difference of the time-stamp counter in nanoseconds.
func elapsed(delta uint64) uint64 {
	c := &clockStart
	if c.shift >= 0 {
		delta <<= uint(c.shift) & 63
	} else {
		delta >>= uint(-c.shift) & 63
	}
	hi, lo := bits.Mul64(delta, c.mul)
	return hi<<32 + lo>>32
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
	before, t, after := rdtsc(), now(), rdtsc()
	checkClock(before, t, after)
	tickAt = 0
	needSwitch = true
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
