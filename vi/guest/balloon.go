package guest

import (
	"unsafe"

	"resvirt/vi/abi"
)

// balloonPages is how many pages go back and forth.
const balloonPages = 4

// balloon holds the PFNs whose memory the hypervisor has.
var balloon struct {
	n      int
	pfns   [balloonPages]uint64
	frames [balloonPages]uint64
}

// balloonTick is called when a process has ended. Every second time it gives
// pages back to the hypervisor or, in turn, takes new ones.
func balloonTick(n uint32) {
	switch n & 3 {
	case 1:
		balloonOut()
	case 3:
		balloonIn()
	}
}

func balloonOut() {
	if balloon.n != 0 || mem.nfree < 4*balloonPages {
		return
	}
	for i := range balloon.pfns {
		p := mem.alloc()
		balloon.pfns[i], balloon.frames[i] = uint64(p), p2m[p]
		batchAdd(abi.HypercallUpdateVAMapping, kva(p), 0, abi.UVMFInvlpg, 0)
	}
	batchFlush()
	r := abi.MemoryReservation{ExtentStart: addr(unsafe.Pointer(&balloon.frames)), NrExtents: balloonPages, Domid: abi.DomidSelf}
	if n := memoryOp(abi.XenmemDecreaseReservation, &r); n != balloonPages {
		Die("decrease_reservation", uint64(n))
	}
	for _, p := range balloon.pfns {
		p2m[p] = noFrame
	}
	balloon.n = balloonPages
}

func balloonIn() {
	if balloon.n == 0 {
		return
	}
	balloon.frames = balloon.pfns
	r := abi.MemoryReservation{ExtentStart: addr(unsafe.Pointer(&balloon.frames)), NrExtents: balloonPages, Domid: abi.DomidSelf}
	if n := memoryOp(abi.XenmemPopulatePhysmap, &r); n != balloonPages {
		Die("populate_physmap", uint64(n))
	}
	for i, p := range balloon.pfns {
		p2m[p] = balloon.frames[i]
		if m2p(p2m[p]) != uint32(p) {
			Die("machine-to-physical table", p)
		}
		batchAdd(abi.HypercallUpdateVAMapping, kva(uint32(p)), pteFor(uint32(p), pteKernel), abi.UVMFInvlpg, 0)
	}
	batchFlush()
	for _, p := range balloon.pfns {
		mem.drop(uint32(p))
	}
	balloon.n = 0
}
