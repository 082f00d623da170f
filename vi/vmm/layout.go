package main

import (
	"unsafe"

	"resvirt/vi/seam"
)

// Virtual addresses of the hypervisor, slots 256..271 of every L4 (as Xen's
// memory map in its x86 config header). The bases are variables only so that
// native tests can point them at buffers of their own.
var (
	directMapBase  uint64 = 0xffff830000000000 // all RAM, RW, no execute
	frameTableBase uint64 = 0xffff82e000000000 // type page, indexed by frame number
)

const (
	m2pBase       = 0xffff800000000000 // uint64 by frame number; guests may read it
	gdtWindowBase = 0xffff820000000000 // 16 pages per CPU, see gdt.go

	hvSlotFirst = 256 // hypervisor's slots of an L4
	hvSlotLast  = 271

	pageShift = 12
	pageSize  = 1 << pageShift
	pageMask  = pageSize - 1

	cpuBlockSize = seam.Block
)

// mfn is a machine frame number; 0 stands for none (frame 0 is never used).
type mfn uint64

// dmap is the direct map's address of a machine address.
func dmap(pa uint64) unsafe.Pointer { return ptr(pa + directMapBase) }

// frameAddr is the direct map's address of a frame.
func frameAddr(m mfn) unsafe.Pointer { return dmap(uint64(m) << pageShift) }

// frameOfAddr is the frame of a direct-mapped object.
func frameOfAddr(p unsafe.Pointer) mfn { return mfn((addrOf(p) - directMapBase) >> pageShift) }

// table is a page of page-table entries or of anything else in 8-byte words.
type table [512]uint64

// tableAt is a frame seen as a table.
func tableAt(m mfn) *table { return (*table)(frameAddr(m)) }

// isHypervisorAddr says whether a guest may not name an address: it is not
// canonical, or inside the hypervisor's slots.
func isHypervisorAddr(va uint64) bool {
	return va >= 0x0000800000000000 && va < 0xffff880000000000
}

// guestRange says whether a guest may name n bytes at va.
func guestRange(va, n uint64) bool {
	return va+n >= va && !isHypervisorAddr(va) && (n == 0 || !isHypervisorAddr(va+n-1)) &&
		(va < 0x0000800000000000) == (va+n <= 0x0000800000000000)
}
