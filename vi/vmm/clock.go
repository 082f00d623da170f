package main

import (
	"math/bits"
	"sync/atomic"
)

// System time is nanoseconds since boot, computed on each CPU from its time
// stamp counter since the last calibration.

// clockCPU is one CPU's calibration.
type clockCPU struct {
	tsc    uint64 // counter at the last calibration
	stime  int64  // system time at that moment
	newTSC uint64 // taken by the rendezvous, installed by calibrateSoft
	newST  int64
	timer  timer // recurs on the boot CPU, starts the rendezvous
}

// clock is what all CPUs share.
var clock struct {
	hz    uint64 // of the time stamp counter
	mul   uint32 // ns = ((ticks << shift) * mul) >> 32
	shift int8

	apicHz uint64 // of the local APIC timer

	// The rendezvous: the boot CPU waits for all others, publishes, waits
	// for all to have read.
	arrived uint32
	left    uint32
	tsc     uint64
	stime   int64
}

// scale turns ticks of the counter into nanoseconds.
func scale(ticks uint64) int64 {
	if clock.shift < 0 {
		ticks >>= uint(-clock.shift)
	} else {
		ticks <<= uint(clock.shift)
	}
	hi, lo := bits.Mul64(ticks, uint64(clock.mul))
	return int64(hi<<32 | lo>>32)
}

// setClock derives the scale from the counter's frequency.
func setClock(tscHz, apicHz uint64) {
	clock.hz, clock.apicHz = tscHz, apicHz
	hz, shift := tscHz, 0
	for hz > 2e9 {
		hz >>= 1
		shift--
	}
	for hz <= 1e9 {
		hz <<= 1
		shift++
	}
	clock.mul, clock.shift = uint32((1e9<<32)/hz), int8(shift)
}

// now is the system time.
func now() int64 {
	c := &this().core.clock
	return c.stime + scale(readTSC()-c.tsc)
}

// calibrationTick starts the rendezvous on all CPUs and re-adds itself.
func calibrationTick(*timer) {
	atomic.StoreUint32(&clock.arrived, 0)
	atomic.StoreUint32(&clock.left, 0)
	callOn(cpusOnline(), rendezvous, true)
	t := &this().core.clock.timer
	t.set(now() + params.calibNS)
}

// rendezvous runs on all CPUs at once, with interrupts off. The boot CPU's
// clock is the master.
func rendezvous() {
	c := this()
	others := uint32(bits.OnesCount64(cpusOnline()) - 1)
	var wait patience // another CPU may print with its interrupts off
	if c.ID == 0 {
		for atomic.LoadUint32(&clock.arrived) != others {
			wait.relax()
		}
		clock.tsc = readTSC()
		clock.stime = c.core.clock.stime + scale(clock.tsc-c.core.clock.tsc)
		atomic.StoreUint32(&clock.left, others+1)
	} else {
		atomic.AddUint32(&clock.arrived, 1)
		for atomic.LoadUint32(&clock.left) == 0 {
			wait.relax()
		}
	}
	c.core.clock.newTSC, c.core.clock.newST = clock.tsc, clock.stime
	raiseSoft(softCalibrate)
}

// calibrateSoft installs the new calibration and shows it to the guest.
func calibrateSoft() {
	c := &this().core.clock
	flags := irqSave()
	if c.newST > c.stime {
		c.tsc, c.stime = c.newTSC, c.newST
	}
	irqRestore(flags)
	updateGuestTime(current())
}

// updateGuestTime writes the clock into the vCPU's vcpu_time_info, which is
// odd-versioned while it is being written (xen.h).
func updateGuestTime(v *VCPU) {
	if v.info == nil {
		return
	}
	c := &this().core.clock
	t := &v.info.Time
	atomic.StoreUint32(&t.Version, t.Version|1)
	t.TSCTimestamp, t.SystemTime = c.tsc, uint64(c.stime)
	t.TSCToSystemMul, t.TSCShift = clock.mul, clock.shift
	atomic.StoreUint32(&t.Version, t.Version+1)
}
