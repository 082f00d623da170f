package guest

import (
	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// maxPages bounds the memory the kernel uses: 128 MiB. More memory is not used.
const maxPages = 32768

// physPages is the page allocator: a count of uses per page (user mappings, or
// one for a kernel use) and a stack of free pages. Pages are named by their
// pseudo-physical frame number (PFN).
type physPages struct {
	total uint32 // pages known
	nfree uint32
	first uint32 // lower pages belong to what the hypervisor loaded
	ref   [maxPages]uint16
	free  [maxPages]uint16
}

var mem physPages

// alloc takes a free page with one use; 0 means there is none.
func (m *physPages) alloc() uint32 {
	if m.nfree == 0 {
		return 0
	}
	m.nfree--
	p := uint32(m.free[m.nfree])
	if m.ref[p] != 0 {
		Die("free page in use", uint64(p))
	}
	m.ref[p] = 1
	return p
}

// share adds a use.
func (m *physPages) share(p uint32) {
	if m.ref[p] == 0 {
		Die("share of a free page", uint64(p))
	}
	m.ref[p]++
}

// drop removes a use; the last one frees the page. Pages that the hypervisor
// loaded (the initrd's, which programs map) are not counted.
func (m *physPages) drop(p uint32) {
	if p < m.first {
		return
	}
	if m.ref[p] == 0 {
		Die("drop of a free page", uint64(p))
	}
	m.ref[p]--
	if m.ref[p] == 0 {
		checkShared(p)
		seals[p] = 0
		m.free[m.nfree] = uint16(p)
		m.nfree++
	}
}

// allocZero takes a page of zeros.
func allocZero() uint32 {
	p := mem.alloc()
	if p != 0 {
		zeroPage(kva(p))
	}
	return p
}

const pageSize = 4096

// noFrame marks a PFN without memory behind it in the P2M.
const noFrame = ^uint64(0)

// p2m is start_info's list of machine frames by PFN.
var p2m *[maxPages]uint64

// directBase is where PFN 0 is mapped.
func directBase() uint64 { return bare.Image.VirtBase - bare.Image.PhysBase }

// kva is where the direct map has a page.
func kva(pfn uint32) uint64 { return directBase() + uint64(pfn)*pageSize }

// pfnOf is the page of a direct-map address.
func pfnOf(va uint64) uint32 { return uint32((va - directBase()) / pageSize) }

// m2p is the PFN of a machine frame of ours (from the machine-to-physical
// table, which every guest can read).
func m2p(mfn uint64) uint32 {
	return uint32(*(*uint64)(ptr(abi.M2PVirtStart + mfn*8)))
}

// Page-table entry bits (AMD64 APM vol. 2, 5.4). Everything of a 64-bit PV
// guest runs in ring 3, so that kernel mappings are user pages as well.
const (
	ptePresent  = 1 << 0
	pteWrite    = 1 << 1
	pteUser     = 1 << 2
	pteAccessed = 1 << 5
	pteDirty    = 1 << 6
	pteForeign  = 1 << 9 // ignored by the processor: the page is no page of ours
	pteNX       = 1 << 63

	pteKernel = ptePresent | pteWrite | pteUser | pteAccessed | pteDirty | pteNX
	pteTable  = ptePresent | pteWrite | pteUser | pteAccessed | pteDirty
	pteAddr   = 0x000ffffffffff000
)

// table is a page-table page seen through the direct map.
type table [512]uint64

func tableAt(pfn uint32) *table { return (*table)(ptr(kva(pfn))) }

// pteFor is a page-table entry for a page of ours.
func pteFor(pfn uint32, flags uint64) uint64 { return p2m[pfn]<<12 | flags }

// ptePage is the PFN of the page that an entry maps.
func ptePage(pte uint64) uint32 { return m2p(pte & pteAddr >> 12) }

// pteMachine is the machine address of entry i of a table, as mmu_update takes it.
func pteMachine(t uint32, i int) uint64 { return p2m[t]<<12 + uint64(i)*8 }

// bytesAt is a direct-map page as bytes.
func bytesAt(pfn uint32) *[pageSize]byte { return (*[pageSize]byte)(ptr(kva(pfn))) }
