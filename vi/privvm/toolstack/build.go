package main

import (
	"unsafe"

	"resvirt/vi/abi"
	p "resvirt/vi/privvm/process"
	"resvirt/vi/xenelf"
)

const (
	pageShift = 12
	pageSize  = 1 << pageShift

	maxPages = 65536 // of a VM, 256 MiB
	maxWork  = 64    // frames that are filled at a time
)

// builder lays out a VM's memory as xen.h's "start of day memory layout" has
// it: kernel, module, P2M list, start_info, XenStore and console pages, page
// tables, stack, mapped from the kernel's base on. If the kernel's notes say so, the
// module lies above all that, unmapped, and the P2M list, mapped where the kernel wants it.
type builder struct {
	id    uint16
	pages uint64
	k     xenelf.Kernel
	top   uint64 // virtual end of its segments
	mod   []byte
	next  uint64 // first virtual address not handed out
	why   string // why the VM cannot be built, "" as long as it can

	module, list, start uint64 // virtual addresses
	store, console      uint64
	tables, ntables     uint64
	stack, end          uint64

	modulePFN        uint64 // of a module that is not mapped
	listPFN, listEnd uint64 // of a P2M list elsewhere, with the page tables for it
	spare            uint64 // the next frame for a page table
}

// p2m are the machine frames of the VM that is being built.
var p2m [maxPages]uint64

// context is the state of its first vCPU.
var context abi.VcpuGuestContext

// work is where its frames are mapped, and what became of each.
var work struct {
	at   uint64
	errs [maxWork]int32
}

// build gives a VM memory with everything in it, and its vCPU registers. It returns why
// that cannot be done, "" if it was.
func build(v *vm, kernel, ramdisk []byte) string {
	b := &building
	*b = builder{id: v.id, pages: v.config.memory << 20 >> pageShift, mod: ramdisk}
	b.k = xenelf.Kernel{}
	b.k.File = kernel
	b.readKernel()
	if b.why != "" {
		return b.why
	}
	for pfn := range b.pages {
		p2m[pfn] = pfn
	}
	r := abi.MemoryReservation{ExtentStart: p.Addr(unsafe.Pointer(&p2m)), NrExtents: b.pages, Domid: b.id}
	if n := xen.Hypercall(abi.HypercallMemoryOp, abi.XenmemPopulatePhysmap, p.Addr(unsafe.Pointer(&r)), 0, 0); n != int64(b.pages) {
		return "there is not enough memory"
	}
	b.layout()
	if b.pfn(b.next) > b.pages || b.listEnd > b.pages {
		return "memory is too small for kernel and ramdisk"
	}
	b.load()
	b.startInfo(v)
	b.pageTables()
	unmapWork() // or the frames could not become page tables
	op := abi.MMUExtOp{Cmd: abi.MMUExtPinL4, Arg1: b.frame(b.tables)}
	b.must("page tables are refused", xen.Hypercall(abi.HypercallMMUExtOp, p.Addr(unsafe.Pointer(&op)), 1, 0, uint64(b.id)))
	if b.k.Hypercall != 0 {
		b.must("a hypercall page is refused", domctl(abi.DomctlHypercallInit, b.id, b.frame(b.k.Hypercall), 0))
	}
	v.storeFrame, v.consoleFrame = b.frame(b.store), b.frame(b.console)
	b.registers()
	return b.why
}

// building is the builder in use; it is too large for a stack.
var building builder

func (b *builder) fail(why string) {
	if b.why == "" {
		b.why = why
	}
}

// must notes a hypercall that has failed.
func (b *builder) must(why string, rc int64) {
	if rc != 0 {
		b.fail(why)
	}
}

// readKernel reads the VM's kernel.
func (b *builder) readKernel() {
	if why := b.k.Read(); why != "" {
		b.fail(why)
		return
	}
	for i := range b.k.Segments() {
		if s := b.k.Segment(i); s.Kind == xenelf.Load && s.MemSize > 0 {
			if s.Paddr < b.k.Offset || s.Paddr-b.k.Offset > maxPages<<pageShift || s.MemSize > maxPages<<pageShift {
				b.fail("a segment of the kernel is not where its memory can be")
				return
			}
			b.top = max(b.top, b.k.Virtual(s)+s.MemSize)
		}
	}
	if b.k.Base&(pageSize-1) != 0 || b.top <= b.k.Base || b.top > 1<<64-maxPages<<pageShift ||
		b.k.Hypercall != 0 && (b.k.Hypercall < b.k.Base || b.k.Hypercall >= b.top) || b.k.P2M&(pageSize-1) != 0 {
		b.fail("the kernel is not where its memory can be")
	}
}

func (b *builder) pfn(va uint64) uint64   { return (va - b.k.Base) >> pageShift }
func (b *builder) frame(va uint64) uint64 { return p2m[b.pfn(va)] }

// take hands out n bytes of virtual space, in whole pages.
func (b *builder) take(n uint64) uint64 {
	at := b.next
	b.next += (n + pageSize - 1) &^ (pageSize - 1)
	return at
}

// layout decides where everything goes.
func (b *builder) layout() {
	b.next = (b.top + pageSize - 1) &^ (pageSize - 1)
	if !b.k.ModByPFN {
		b.module = b.take(uint64(len(b.mod)))
	}
	if b.k.P2M == 0 {
		b.list = b.take(b.pages * 8)
	}
	b.start, b.store, b.console = b.take(pageSize), b.take(pageSize), b.take(pageSize)
	b.tables = b.next
	for b.ntables = 1; ; b.ntables++ {
		b.next = b.tables
		b.take(b.ntables << pageShift)
		b.stack = b.take(pageSize)
		b.end = (b.next + 512<<10 + 4<<20 - 1) &^ (4<<20 - 1)
		if 1+tablesFor(b.k.Base, b.end) <= b.ntables {
			break
		}
	}
	pfn := b.pfn(b.end)
	if b.k.ModByPFN {
		b.modulePFN = pfn
		pfn += pagesFor(uint64(len(b.mod)))
		b.listEnd = pfn
	}
	if b.k.P2M != 0 {
		b.list, b.listPFN = b.k.P2M, pfn
		b.listEnd = pfn + pagesFor(b.pages*8) + tablesFor(b.list, b.list+b.pages*8)
	}
}

func pagesFor(n uint64) uint64 { return (n + pageSize - 1) >> pageShift }

// tablesFor is the number of page tables below the L4 that map a range.
func tablesFor(from, to uint64) uint64 {
	n := uint64(0)
	for shift := uint(39); shift >= 21; shift -= 9 {
		n += (to-1)>>shift - from>>shift + 1
	}
	return n
}

// window maps n pages of the VM from a frame on for work and returns where.
func (b *builder) window(pfn, n uint64) uint64 {
	if work.at == 0 {
		at := xen.Window(maxWork)
		if at < 0 {
			b.fail("there is no room to work in")
			return 0
		}
		work.at = uint64(at)
	}
	b.must("its memory cannot be mapped", xen.MapFrames(b.id, work.at, p2m[pfn:][:n], work.errs[:n]))
	return work.at
}

// unmapWork lets go of what the window shows.
func unmapWork() {
	if work.at != 0 {
		p.Unmap(work.at, maxWork<<pageShift)
		work.at = 0
	}
}

// copyIn copies to the VM's memory, from an address on that counts from its first frame.
func (b *builder) copyIn(to uint64, from []byte) {
	for len(from) > 0 && b.why == "" {
		offset := to & (pageSize - 1)
		n := min(uint64(len(from)), maxWork*pageSize-offset)
		at := b.window(to>>pageShift, pagesFor(offset+n))
		if b.why == "" {
			copy(unsafe.Slice((*byte)(p.Ptr(at+offset)), n), from[:n])
		}
		to, from = to+n, from[n:]
	}
}

// load copies kernel, module and P2M list. All else is zero already.
func (b *builder) load() {
	for i := range b.k.Segments() {
		if s := b.k.Segment(i); s.Kind == xenelf.Load {
			b.copyIn(b.k.Virtual(s)-b.k.Base, b.k.Content(s))
		}
	}
	list := unsafe.Slice((*byte)(unsafe.Pointer(&p2m)), b.pages*8)
	if b.k.ModByPFN {
		b.copyIn(b.modulePFN<<pageShift, b.mod)
	} else {
		b.copyIn(b.module-b.k.Base, b.mod)
	}
	if b.k.P2M != 0 {
		b.copyIn(b.listPFN<<pageShift, list)
	} else {
		b.copyIn(b.list-b.k.Base, list)
	}
}

// startInfo fills the start of day page.
func (b *builder) startInfo(v *vm) {
	info, ok := xen.Info(b.id)
	at := b.window(b.pfn(b.start), 1)
	if !ok || b.why != "" {
		b.fail("it is gone")
		return
	}
	si := (*abi.StartInfo)(p.Ptr(at))
	copy(si.Magic[:], abi.StartInfoMagic)
	si.NrPages = b.pages
	si.SharedInfo = info.SharedInfoFrame << pageShift
	si.StoreMFN, si.StoreEvtchn = b.frame(b.store), v.storePort
	si.ConsoleMFN, si.ConsoleEvtchn = b.frame(b.console), v.consolePort
	si.PTBase, si.NrPTFrames = b.tables, b.ntables
	si.MFNList = b.list
	if si.ModLen = uint64(len(b.mod)); si.ModLen != 0 {
		si.ModStart = b.module
		if b.k.ModByPFN {
			si.ModStart, si.Flags = b.modulePFN, abi.SIFModStartPFN
		}
	}
	if b.k.P2M != 0 {
		si.FirstP2MPFN, si.NrP2MFrames = b.listPFN, b.listEnd-b.listPFN
	}
	n := copy(si.CmdLine[:abi.MaxGuestCmdline-1], v.config.extra)
	si.CmdLine[n] = 0
}

// registers gives the VM's first vCPU the registers with which a kernel starts.
func (b *builder) registers() {
	context = abi.VcpuGuestContext{Flags: abi.VGCFInKernel | abi.VGCFOnline}
	r := &context.Regs
	r.RIP, r.RSP, r.RSI = b.k.Entry, b.stack+pageSize, b.start
	r.CS, r.SS, r.RFLAGS = abi.FlatKernelCS, abi.FlatKernelSS, 1<<9
	context.KernelSS, context.KernelSP = abi.FlatKernelSS, r.RSP
	context.CtrlReg[3] = abi.XenPFNToCR3(b.frame(b.tables))
	b.must("its vCPU is refused", domctl(abi.DomctlSetVcpuContext, b.id, 0, p.Addr(unsafe.Pointer(&context))))
}
