package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// Step sane_values. Some values are used by recovery, or on the way back to a
// guest, in ways that a wrong one makes fail again: a length as the end of a
// loop, the control register of the guest's SSE unit, a segment's base. They are
// brought into their ranges. Where a guest receives virtual interrupts is written down twice;
// a failure between the two leaves one.

func tameValues() {
	if !begin(stepSaneValues) {
		return
	}
	for d := domains.head; d != nil; d = d.next {
		if d.lineLen > lineMax || d.linePos > d.lineLen {
			d.lineLen, d.linePos = 0, 0
		}
	}
	eachVCPU(func(v *VCPU) {
		v.tame()
		v.cpu %= nrCPUs()
		v.virqPort = [abi.NumVirqs]uint32{}
	})
	for d := domains.head; d != nil; d = d.next {
		d.full, d.nextPort = [len(d.full)]uint64{}, 0
		d.tameQueues()
		d.eachBucket(func(b *evtchnBucket, first uint32) { d.findVirqs(first) })
	}
}

// findVirqs notes what ports from one on receive virtual interrupts.
func (d *Domain) findVirqs(from uint32) {
	for port := from; port < from+evtchnPerBucket; port++ {
		if e := d.port(port); e != nil && e.state == abi.EvtchnstatVirq && e.vcpu < d.nvcpus {
			d.vcpu[e.vcpu].virqPort[e.virq%abi.NumVirqs] = port
		}
	}
}

// mxcsrBits are those that FXRSTOR accepts (AMD APM vol. 1, 4.2.2).
const mxcsrBits = 0xffff

// mxcsrOf is MXCSR in an FXSAVE image.
func mxcsrOf(fpu *[512]byte) *uint32 { return (*uint32)(unsafe.Pointer(&fpu[24])) }
