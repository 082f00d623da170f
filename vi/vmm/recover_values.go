package main

import "unsafe"

// Step sane_values. Some values are used by recovery, or on the way back to a
// guest, in ways that a wrong one makes fail again: a length as the end of a
// loop, the control register of the guest's SSE unit. They are brought into
// their ranges.

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
		*mxcsrOf(&v.arch.fpu) &= mxcsrBits
		v.cpu %= nrCPUs()
	})
}

// mxcsrBits are those that FXRSTOR accepts (AMD APM vol. 1, 4.2.2).
const mxcsrBits = 0xffff

// mxcsrOf is MXCSR in an FXSAVE image.
func mxcsrOf(fpu *[512]byte) *uint32 { return (*uint32)(unsafe.Pointer(&fpu[24])) }
