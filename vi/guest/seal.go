package guest

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// Checks of memory that nobody may change: the kernel's own image but for its
// data, and what was loaded beside it. Their sums are taken before the workload
// begins.

// seals are the sums of pages that must never change, or must not change while
// processes share them; 0 for all others.
var seals [maxPages]uint32

func sumWords(at, n uint64) uint64

// pageSum is a page's sum, never 0.
func pageSum(p uint32) uint32 {
	s := sumWords(kva(p), pageSize/8)
	return uint32(s^s>>32) | 1
}

// sealMemory takes the sums of the memory that nobody may change any more.
func sealMemory(si *abi.StartInfo) {
	i := &bare.Image
	console := m2p(si.ConsoleMFN)
	tables := pfnOf(si.PTBase)
	list := pfnOf(si.MFNList)
	for p := range min(mem.first, mem.total) {
		va := kva(p)
		switch {
		case va >= i.DataStart && va < i.BSSEnd:
		case va >= i.PerCPU && va < i.PerCPU+blockSize:
		case p >= tables, p >= list && uint64(p-list) < (si.NrPages*8+pageSize-1)/pageSize:
		case p == console && consoleRing != nil:
		case si.StoreEvtchn != 0 && p == m2p(si.StoreMFN):
		default:
			seals[p] = pageSum(p)
		}
	}
}

// checkSeals compares all pages with their seals.
func checkSeals() {
	for p, s := range seals[:mem.first] {
		if s != 0 && pageSum(uint32(p)) != s {
			report("memory changed", kva(uint32(p)))
		}
	}
}

// reports is the number of checks that have failed, which bounds the number of
// lines.
var reports uint32

const mostReports = 8

// report prints that a check of the kernel's has failed. It may be called
// anywhere but in the middle of a line.
func report(what string, v uint64) {
	reports++
	if reports > mostReports {
		return
	}
	if line.n > 0 {
		putc('\n')
	}
	Print(seam.Error + " check: ")
	Print(what)
	Print(" ")
	PrintHex(v)
	Print("\n")
}

// stackLost is called when a stack has changed while it was not in use.
func stackLost() { report("kernel stack", addr(unsafe.Pointer(this()))) }

func stackSum(sp uint64) uint64

// gsMark is the word to which GS points in the kernel, and holds its address; 0 as
// long as GS is not set.
var gsMark uint64

// markGS makes GS point to gsMark while the kernel runs.
func markGS() {
	at := addr(unsafe.Pointer(&gsMark))
	must("kernel GS", hypercall(abi.HypercallSetSegmentBase, abi.SegbaseGSKernel, at, 0, 0))
	gsMark = at
}

// registersLost is called after a hypercall that changed registers which it must
// keep, with its number.
func registersLost(n uint64) { report("registers after hypercall", n) }

// Check runs the kernel's checks when its work is done.
func Check() {
	checkGrants()
	checkSeals()
	checkPages()
	checkProcs()
	checkKernelTables()
}

// checkPages checks that every page is either free or in use, and counted once.
func checkPages() {
	m := &mem
	if m.total > maxPages || m.nfree > m.total || m.first > m.total {
		report("page allocator", uint64(m.nfree))
		return
	}
	for _, f := range m.free[:m.nfree] {
		p := uint32(f)
		if p < m.first || p >= m.total || m.ref[p] != 0 {
			report("free page", uint64(p))
			return
		}
		m.ref[p] = pageSeen
	}
	for p := range m.total {
		switch r := m.ref[p]; {
		case r == pageSeen:
			m.ref[p] = 0
		case p < m.first && r != 0, p >= m.first && r != 1: // the kernel's own, each used once
			report("uses of a page", uint64(p))
		}
		if p2m[p] != noFrame && m2p(p2m[p]) != p {
			report("frame of a page", uint64(p))
		}
	}
	for _, r := range m.ref[m.total:] {
		if r != 0 {
			report("uses of a page that is none", uint64(m.total))
		}
	}
}

const pageSeen = ^uint16(0)

// owns says whether an entry maps a page of the range; it checks every bit of the
// entry.
func (v *vma) owns(e uint64) bool {
	if !sane(e) {
		return false
	}
	if want := v.flags(); (e^want)&pteNX != 0 || e&pteWrite&^want != 0 {
		report("entry of a process", e)
	}
	return true
}

// sane says whether an entry that is not zero maps a page of ours, as it must, and
// checks the bits that all these entries have alike.
func sane(e uint64) bool {
	const differ = pteAddr | pteWrite | pteAccessed | pteDirty | pteNX
	ours := e&ptePresent != 0 && p2m[ptePage(e)&(maxPages-1)] == e&pteAddr>>12
	if !ours || e&^differ != ptePresent|pteUser {
		report("entry", e)
	}
	return ours
}

// vacant checks an entry that maps nothing: all its bits are zero.
func vacant(e uint64) {
	if e != 0 {
		report("entry that maps nothing", e)
	}
}

// emptied checks that there is nothing in a table whose entries have been taken
// out. In a root, the hypervisor has slots of its own.
func emptied(t uint32, root bool) {
	at, low, n := kva(t), uint64(0), uint64(len(table{}))
	if root {
		low = abi.M2PVirtStart >> 39 & 511
		n -= low + hypervisorSlots
	}
	if sumWords(at, low) != 0 || sumWords(at+pageSize-n*8, n) != 0 {
		report("entry of a table that has none", at)
	}
}

// hypervisorSlots are the entries of a root that are the hypervisor's: xen.h, "64-bit
// PV guest memory layout".
const hypervisorSlots = 16

// sealShared seals a page that processes begin to share, until one of them writes it.
func sealShared(p uint32) {
	if p >= mem.first {
		seals[p] = pageSum(p)
	}
}

// checkShared checks that a shared page is as it was when the sharing began.
func checkShared(p uint32) {
	if p >= mem.first && seals[p] != 0 && pageSum(p) != seals[p] {
		report("page that processes share", kva(p))
	}
}

// is checks that an entry refers to the table t.
func (s *Space) is(e uint64, t uint32) {
	if (e^pteFor(t, pteTable))&^(pteAccessed|pteDirty) != 0 {
		report("entry of a table", e)
	}
}

// checkProcs checks that nothing is left of processes when all have ended, and that the
// kernel's own selectors of data are null, as at the start.
func checkProcs() {
	if ds, es, fs, gs := bare.Segments(); ds|es|fs|gs != 0 {
		report("selectors of the kernel", uint64(ds)<<48|uint64(es)<<32|uint64(fs)<<16|uint64(gs))
	}
	if current != &procs[0] {
		report("current process", addr(unsafe.Pointer(current)))
	}
	for i := 1; i < maxProcs; i++ {
		if p := &procs[i]; p.state != procFree || p.parent != nil || p.wait != nil || p.space.pinned || p.space.l2 != 0 {
			report("process that has ended", uint64(i))
		}
	}
	for i := range pipes {
		if p := &pipes[i]; p.readers != 0 || p.writers != 0 {
			report("pipe without a process", uint64(i))
		}
	}
}

// checkKernelTables checks all mappings of the kernel half: each page is where
// it belongs, and as many pages are read-only as before the first process.
func checkKernelTables() {
	if n := readOnlyPages(); n != sealedReadOnly {
		report("read-only pages", uint64(n))
	}
	if tablesSum() != sealedTables {
		report("tables of the kernel half", kva(kernelL2))
	}
	window := tableAt(ptePage(tableAt(kernelL2)[windowBase()>>21&511]))
	for k := numBlocks * (blockAlign / pageSize); k < sharedSlot; k++ {
		if k == grantSlot {
			if e := window[k]; e&^pteAddr != pteKernel || e&pteAddr>>12 != grants.frame {
				report("entry of the grant table", e)
			}
			continue
		}
		vacant(window[k])
	}
	for b := range numBlocks {
		for k := range blockAlign / pageSize {
			e := window[b*(blockAlign/pageSize)+k]
			if k < blockSize/pageSize && e&^pteAddr != pteKernel || k >= blockSize/pageSize && k < blockAlign/pageSize-2 && e != 0 {
				report("window", uint64(b))
			}
		}
		if blockAt(blockBase(b)).stackguard0 != blockBase(b)+stackGuard {
			report("block", uint64(b))
		}
	}
}

// sealedReadOnly is what readOnlyPages was when the workload began, and sealedTables
// what tablesSum was.
var (
	sealedReadOnly uint32
	sealedTables   uint64
)

// tablesSum sums the tables above those that map pages: the root but for the
// hypervisor's slots, and those of the kernel half. The processor may note in an
// entry that it has used it.
func tablesSum() (s uint64) {
	root := tableAt(bootRoot)
	l3 := tableAt(ptePage(root[directBase()>>39&511]))
	own := uint64(abi.M2PVirtStart >> 39 & 511)
	for _, part := range [...][]uint64{root[:own], root[own+hypervisorSlots:], l3[:], tableAt(kernelL2)[:]} {
		for _, e := range part {
			s = s<<1 ^ s>>63 ^ e&^(pteAccessed|pteDirty)
		}
	}
	return s
}

// readOnlyPages counts the pages that are read-only in the direct map, and
// checks every entry of the direct map.
func readOnlyPages() (n uint32) {
	for at := uint32(0); at < mem.total; at += 512 {
		l2e := tableAt(kernelL2)[kva(at)>>21&511]
		if l2e&ptePresent == 0 {
			report("table of the direct map", kva(at))
			continue
		}
		t := tableAt(ptePage(l2e))
		for k := at; k < at+512; k++ {
			e := t[kva(k)>>12&511]
			if k >= mem.total || p2m[k] == noFrame {
				vacant(e)
				continue
			}
			if !sane(e) || e&pteAddr>>12 != p2m[k] {
				report("entry of the direct map", kva(k))
			}
			if e&pteWrite == 0 {
				n++
			}
		}
	}
	return n
}
