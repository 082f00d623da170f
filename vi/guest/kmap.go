package guest

import (
	"unsafe"

	"resvirt/vi/abi"
)

// The window of kernel blocks lies in the same L2 table as the direct map, one
// L1 table of 2 MiB: 31 blocks, then shared_info in the last page.
const (
	windowOffset = 256 << 20
	numBlocks    = 31
	sharedSlot   = 511
	l1Span       = 512 * pageSize
)

func windowBase() uint64     { return directBase() + windowOffset }
func blockBase(i int) uint64 { return windowBase() + uint64(i)*blockAlign }

var (
	bootRoot uint32 // L4 table the hypervisor built
	kernelL2 uint32 // L2 table of the kernel half
	shared   *abi.SharedInfo
)

// initMemory takes over what the hypervisor built (xen.h, "start of day memory
// layout"): after the bootstrap page tables everything is free. It completes
// the direct map and maps the blocks and shared_info.
func initMemory(si *abi.StartInfo) {
	mem.total = uint32(min(si.NrPages, maxPages))
	mem.first = pfnOf(si.PTBase) + uint32(si.NrPTFrames)
	p2m = (*[maxPages]uint64)(ptr(si.MFNList))
	bootRoot = pfnOf(si.PTBase)
	l3 := ptePage(tableAt(bootRoot)[directBase()>>39&511])
	kernelL2 = ptePage(tableAt(l3)[directBase()>>30&511])

	for p := mem.first; p < mem.total; p++ {
		if mapped(kva(p)) {
			mem.free[mem.nfree] = uint16(p)
			mem.nfree++
		}
	}
	for p := mem.first; p < mem.total; p++ {
		if !mapped(kva(p)) {
			mapDirect(p)
		}
	}
	mapWindow(si.SharedInfo)
}

// mapped says whether the kernel half maps an address.
func mapped(va uint64) bool {
	l2e := tableAt(kernelL2)[va>>21&511]
	return l2e&ptePresent != 0 && tableAt(ptePage(l2e))[va>>12&511]&ptePresent != 0
}

// mapDirect adds the pages of a whole L1 table, from p on, to the direct map.
func mapDirect(p uint32) {
	i := int(kva(p) >> 21 & 511)
	if tableAt(kernelL2)[i]&ptePresent != 0 {
		must("direct map", updateVA(kva(p), pteFor(p, pteKernel), abi.UVMFInvlpg))
		mem.free[mem.nfree] = uint16(p)
		mem.nfree++
		return
	}
	t := allocZero()
	start := pfnOf(kva(p) &^ (l1Span - 1))
	for k := uint32(0); k < 512 && start+k < mem.total; k++ {
		tableAt(t)[k] = pteFor(start+k, pteKernel)
		mem.free[mem.nfree] = uint16(start + k)
		mem.nfree++
	}
	hookKernel(i, t)
}

// hookKernel makes t read-only and the L1 table of entry i of the kernel half.
func hookKernel(i int, t uint32) {
	must("table read-only", updateVA(kva(t), pteFor(t, pteKernel&^pteWrite), abi.UVMFInvlpg))
	req := [1]abi.MMUUpdate{{Ptr: pteMachine(kernelL2, i), Val: pteFor(t, pteTable)}}
	must("table of the kernel half", mmuUpdate(req[:]))
}

// mapWindow maps the blocks and the shared page.
func mapWindow(sharedMachine uint64) {
	t := allocZero()
	for b := range numBlocks {
		for k := range blockSize / pageSize {
			p := allocZero()
			if p == 0 {
				Die("no memory for kernel stacks", uint64(b))
			}
			tableAt(t)[b*(blockAlign/pageSize)+k] = pteFor(p, pteKernel)
		}
	}
	tableAt(t)[sharedSlot] = sharedMachine&pteAddr | pteKernel
	hookKernel(int(windowBase()>>21&511), t)
	shared = (*abi.SharedInfo)(ptr(windowBase() + sharedSlot*pageSize))
	for b := range numBlocks {
		blockAt(blockBase(b)).stackguard0 = blockBase(b) + stackGuard
	}
}

// setGDT gives the hypervisor a page of empty descriptors: the flat selectors
// of the ABI are enough for everything here.
func setGDT() {
	p := allocZero()
	must("GDT read-only", updateVA(kva(p), pteFor(p, pteKernel&^pteWrite), abi.UVMFInvlpg))
	frames := [1]uint64{p2m[p]}
	must("set_gdt", hypercall(abi.HypercallSetGDT, addr(unsafe.Pointer(&frames)), 512, 0, 0))
}
