package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// Step sane_values. Some values would make the VMM fail again if they were wrong,
// because recovery or the way back to a guest uses them: a length as the end of a
// loop, the control register of the guest's SSE unit, a segment's base. They are
// brought into their ranges. What joins ports is recorded twice, and a failure may
// come between the two (recover_sane_values_ports.go).

// saneValues brings the values of all domains into their ranges.
func saneValues() {
	if !begin(stepSaneValues) {
		return
	}
	if devices != nil && !objectOK(unsafe.Pointer(devices)) {
		devices = nil
	}
	for d := domains.head; d != nil; d = d.next {
		if d.lineLen > lineMax || d.linePos > d.lineLen {
			d.lineLen, d.linePos = 0, 0
		}
	}
	eachVCPU(func(v *VCPU) {
		v.saneValues()
		v.cpu %= nrCPUs()
		v.virqPort = [abi.NumVirqs]uint32{}
	})
	for d := domains.head; d != nil; d = d.next {
		d.sanePirqs()
		d.eachBucket(func(_ *evtchnBucket, first uint32) { d.closeHalves(first) })
	}
	for d := domains.head; d != nil; d = d.next {
		d.full, d.nextPort = [len(d.full)]uint64{}, 0
		d.saneQueues()
		d.eachBucket(func(b *evtchnBucket, first uint32) { d.findVirqs(first) })
	}
}

// saneValues brings what the processor loads into the ranges that it accepts.
func (v *VCPU) saneValues() {
	a := &v.arch
	*mxcsrOf(&a.fpu) &= mxcsrBits
	for _, p := range [...]*uint64{&a.fsBase, &a.gsKernel, &a.gsUser} {
		*p = uint64(int64(*p<<16) >> 16)
	}
	for _, n := range [...]uint64{0, 1, 2, 3, 6, 7} {
		a.debugReg[n&7], _ = debugValue(n, a.debugReg[n&7])
	}
	a.debugReg[7] |= dr7Fixed
	a.cr4 &= guestCR4Own
	a.iopl &= 3
}

// saneQueues does so for port numbers and offsets of the FIFO interface.
func (d *Domain) saneQueues() {
	if d.fifo == nil {
		return
	}
	for i, port := range d.fifo.tails {
		if d.port(port) == nil || uint32(i/fifoQueues) >= d.nvcpus {
			d.fifo.tails[i] = 0
		}
	}
	for i := range d.fifo.control {
		c := &d.fifo.control[i]
		if c.offset&7 != 0 || c.offset > lastControlOffset {
			c.offset = 0
		}
		if uint32(i) >= d.nvcpus {
			c.frame = 0
		}
	}
}

// sanePirqs does so for what a domain may do with devices. A PIRQ that was being bound
// has a port that does not know it yet, or does no longer: it counts as not bound.
func (d *Domain) sanePirqs() {
	if d.io == nil {
		return
	}
	if !objectOK(unsafe.Pointer(d.io)) {
		d.io = nil
		return
	}
	for _, r := range [...]*ranges{&d.io.mem, &d.io.ports} {
		r.n = min(r.n, maxRanges)
	}
	for nr := range d.io.pirqs {
		p := &d.io.pirqs[nr]
		if !p.possible() {
			*p = pirq{}
		}
		if e := d.port(p.port); e == nil || e.state != abi.EvtchnstatPirq || e.remotePort != uint32(nr) {
			p.port, p.vector, p.awaited, p.shared = 0, 0, false, false
		}
	}
}

// possible says whether a PIRQ's source can be one.
func (p *pirq) possible() bool {
	switch p.kind {
	case pirqFree, pirqReserved:
		return p.port == 0
	case pirqGSI:
		return p.source >= firstPCIPin && p.source < ioapicPins
	case pirqMSI:
		f := p.function()
		return f != nil && f.msi != 0 && p.source&0xffff == 0
	case pirqMSIX:
		f := p.function()
		return f != nil && p.source&0xffff < f.msgs
	}
	return false
}
