package main

import "resvirt/vi/abi"

// irqDesc describes one interrupt vector that has a handler.
type irqDesc struct {
	lk       spinlock
	inFlight uint32 // CPUs in the handler now
	count    uint64
}

// irqs are the descriptors of the vectors from firstVector on.
const firstVector = 0x20

var irqs [256 - firstVector]irqDesc

// eoiStack lists the interrupts of one CPU that are in service in its local
// APIC, innermost last. The APIC holds back vectors of the same and lower
// priority until each has been acknowledged, in reverse order.
type eoiStack struct {
	depth  uint32
	vector [8]uint8
}

func (s *eoiStack) push(vector uint8) {
	assert(s.depth < uint32(len(s.vector)))
	if s.depth > 0 {
		assert(s.vector[s.depth-1]>>4 < vector>>4) // the APIC's order
	}
	s.vector[s.depth] = vector
	s.depth++
}

func (s *eoiStack) pop(vector uint8) {
	assert(s.depth > 0)
	s.depth--
	assert(s.vector[s.depth] == vector)
}

// handleIRQ serves an interrupt of the local APIC, whatever it interrupted.
// Interrupts stay off. Work that needs them on is left to soft interrupts.
func handleIRQ(r *abi.CPUUserRegs) {
	c := this()
	vector := uint8(r.EntryVector)
	assert(vector >= firstVector)
	d := &irqs[vector-firstVector]
	c.core.irqCount++
	c.core.eoi.push(vector)
	d.lk.lock()
	d.inFlight++
	d.count++
	d.lk.unlock()
	switch vector {
	case vectorTimer:
		timerInterrupt()
	case vectorEventCheck:
		// Nothing to do here: on its way back to the guest the CPU does what
		// was asked for.
	case vectorCall:
		callInterrupt()
	case vectorFlush:
		flushInterrupt()
	case vectorStop:
		stopInterrupt()
	case vectorIOMMU:
		iommuInterrupt()
	default:
		deviceInterrupt(vector)
	}
	d.lk.lock()
	d.inFlight--
	d.lk.unlock()
	c.core.eoi.pop(vector)
	apicEndOfInterrupt()
	assert(c.core.irqCount != 0)
	c.core.irqCount--
}
