package main

import (
	"math/bits"
	"sync/atomic"
)

// Vectors of interrupts that the hypervisor uses itself. Higher numbers have
// higher priority in the local APIC (AMD APM vol. 2, 16.6).
const (
	vectorTimer      = 0xf9
	vectorEventCheck = 0xfb
	vectorCall       = 0xfc
	vectorFlush      = 0xfd
)

// callCPU is one CPU's part in calling functions on others.
type callCPU struct {
	received uint64 // calls done
}

// call is the one function call that may be in flight.
var call struct {
	lk   spinlock
	fn   func()
	wait bool
	todo uint64 // CPUs that have not started (with wait: not finished) fn
}

// callOn runs fn on the CPUs of a mask, with interrupts off there, and, with
// wait, returns when all have finished. Interrupts must be on: two CPUs that
// call each other would otherwise wait for ever.
func callOn(mask uint64, fn func(), wait bool) {
	assert(irqsAreOn())
	c := this()
	self := mask>>c.ID&1 != 0
	mask &^= 1 << c.ID
	call.lk.lockPatiently()
	call.fn, call.wait = fn, wait
	atomic.StoreUint64(&call.todo, mask)
	sendIPIs(mask, vectorCall)
	if self {
		irqOff()
		fn()
		irqOn()
	}
	var turn patience
	for atomic.LoadUint64(&call.todo) != 0 {
		turn.relax()
	}
	call.lk.unlock()
}

// callInterrupt serves vectorCall.
func callInterrupt() {
	c := this()
	fn, wait := call.fn, call.wait
	if atomic.LoadUint64(&call.todo)>>c.ID&1 == 0 {
		return // the call was given up
	}
	c.core.call.received++
	if !wait {
		clearBits(&call.todo, 1<<c.ID)
		fn()
		return
	}
	fn()
	clearBits(&call.todo, 1<<c.ID)
}

// sendIPIs interrupts the CPUs of a mask.
func sendIPIs(mask uint64, vector uint8) {
	for mask != 0 {
		cpu := uint32(bits.TrailingZeros64(mask))
		mask &= mask - 1
		count(statIPIs)
		sendIPI(cpu, vector)
	}
}

// sendEventCheck makes a CPU look at its soft interrupts and, if it is in a
// guest, at the guest's events.
func sendEventCheck(cpu uint32) {
	count(statIPIs)
	sendIPI(cpu, vectorEventCheck)
}
