package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// forest makes many page tables, each entry in use, and lets
// the hypervisor validate and give up all of them by one call, while the
// other vCPU may ask for the same.
func (r dice) forest() {
	base := addr(unsafe.Pointer(field))
	const n = 24 // takes longer than the watchdog waits, and shorter than a VM may be silent
	leaf := frameOf(arena)<<12 | 0x65
	for i := range uint64(n-1) * 512 {
		field[i] = leaf
	}
	for i := range uint64(512) { // the last page is the table above
		field[(n-1)*512+i] = 0
		if i < n-1 {
			field[(n-1)*512+i] = frameOf(base+i*pageSize)<<12 | 0x67
		}
	}
	for i := range uint64(n) {
		at := base + i*pageSize
		hypercall(abi.HypercallUpdateVAMapping, at, frameOf(at)<<12|0x65, abi.UVMFNone, 0, 0)
	}
	top := frameOf(base + (n-1)*pageSize)
	for range 1 + r.n(2) {
		pin := [4]uint64{abi.MMUExtPinL2, top}
		hypercall(abi.HypercallMMUExtOp, addr(unsafe.Pointer(&pin)), 1, 0, abi.DomidSelf, 0)
		pin[0] = abi.MMUExtUnpin
		hypercall(abi.HypercallMMUExtOp, addr(unsafe.Pointer(&pin)), 1, 0, abi.DomidSelf, 0)
	}
	for i := range uint64(n) {
		at := base + i*pageSize
		hypercall(abi.HypercallUpdateVAMapping, at, frameOf(at)<<12|0x67, abi.UVMFNone, 0, 0)
	}
}
