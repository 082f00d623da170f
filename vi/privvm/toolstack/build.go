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

	maxPages = 16384 // of a VM, 64 MiB
	maxWork  = 64    // frames that are filled at a time
)

// builder lays out a VM's memory as xen.h's "start of day memory layout" has
// it: kernel, module, P2M list, start_info, XenStore and console pages, page
// tables, stack, mapped from the kernel's base on.
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
	if b.next-b.k.Base > b.pages<<pageShift || b.ntables > maxWork {
		return "memory is too small for kernel and ramdisk"
	}
	b.load(v)
	b.startInfo(v)
	b.pageTables()
	unmapWork() // or the frames could not become page tables
	op := abi.MMUExtOp{Cmd: abi.MMUExtPinL4, Arg1: b.frame(b.tables)}
	b.must("page tables are refused", xen.Hypercall(abi.HypercallMMUExtOp, p.Addr(unsafe.Pointer(&op)), 1, 0, uint64(b.id)))
	b.must("a hypercall page is refused", domctl(abi.DomctlHypercallInit, b.id, b.frame(b.k.Hypercall), 0))
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
	if b.k.Hypercall < b.k.Base || b.k.ModByPFN || b.k.P2M != 0 {
		b.fail("the kernel wants another layout of memory")
	}
	for i := range b.k.Segments() {
		if s := b.k.Segment(i); s.Kind == xenelf.Load {
			b.top = max(b.top, b.k.Virtual(s)+s.MemSize)
		}
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
	b.module = b.take(uint64(len(b.mod)))
	b.list = b.take(b.pages * 8)
	b.start, b.store, b.console = b.take(pageSize), b.take(pageSize), b.take(pageSize)
	b.tables = b.next
	for b.ntables = 1; ; b.ntables++ {
		b.next = b.tables
		b.take(b.ntables << pageShift)
		b.stack = b.take(pageSize)
		b.end = (b.next + 512<<10 + 4<<20 - 1) &^ (4<<20 - 1)
		if b.tablesFor() <= b.ntables {
			return
		}
	}
}

// tablesFor is the number of page tables that map base to end.
func (b *builder) tablesFor() uint64 {
	n := uint64(1)
	for shift := uint(39); shift >= 21; shift -= 9 {
		n += (b.end-1)>>shift - b.k.Base>>shift + 1
	}
	return n
}

// window maps n pages of the VM for work and returns where.
func (b *builder) window(va, n uint64) uint64 {
	if work.at == 0 {
		at := xen.Window(maxWork)
		if at < 0 {
			b.fail("there is no room to work in")
			return 0
		}
		work.at = uint64(at)
	}
	b.must("its memory cannot be mapped", xen.MapFrames(b.id, work.at, p2m[b.pfn(va):][:n], work.errs[:n]))
	return work.at
}

// unmapWork lets go of what the window shows.
func unmapWork() {
	if work.at != 0 {
		p.Unmap(work.at, maxWork<<pageShift)
		work.at = 0
	}
}

// copyIn copies to the VM's memory.
func (b *builder) copyIn(va uint64, from []byte) {
	for len(from) > 0 && b.why == "" {
		offset := va & (pageSize - 1)
		n := min(uint64(len(from)), maxWork*pageSize-offset)
		at := b.window(va&^(pageSize-1), (offset+n+pageSize-1)>>pageShift)
		if b.why == "" {
			copy(unsafe.Slice((*byte)(p.Ptr(at+offset)), n), from[:n])
		}
		va, from = va+n, from[n:]
	}
}

// load copies kernel, module and P2M list. All else is zero already.
func (b *builder) load(v *vm) {
	for i := range b.k.Segments() {
		if s := b.k.Segment(i); s.Kind == xenelf.Load {
			b.copyIn(b.k.Virtual(s), b.k.Content(s))
		}
	}
	b.copyIn(b.module, b.mod)
	b.copyIn(b.list, unsafe.Slice((*byte)(unsafe.Pointer(&p2m)), b.pages*8))
}

// startInfo fills the start of day page.
func (b *builder) startInfo(v *vm) {
	info, ok := xen.Info(b.id)
	at := b.window(b.start, 1)
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
	si.ModStart, si.ModLen = b.module, uint64(len(b.mod))
	n := copy(si.CmdLine[:abi.MaxGuestCmdline-1], v.config.extra)
	si.CmdLine[n] = 0
}

// Bits of page-table entries (AMD64 APM vol. 2, 5.4).
const (
	pteRead  = 1 | 1<<2 | 1<<5 // present, user, accessed
	pteWrite = pteRead | 1<<1  // and writable
	pteData  = pteWrite | 1<<6 // and dirty
)

// pageTables fills the page tables of the initial address space.
func (b *builder) pageTables() {
	at := b.window(b.tables, b.ntables)
	if b.why != "" {
		return
	}
	used := uint64(1) // the first is the L4
	var path [4]uint64
	for va := b.k.Base; va < b.end && b.pfn(va) < b.pages; va += pageSize {
		for level := 1; level < 4; level++ {
			e := &tableAt(at, path[level-1])[va>>(48-9*level)&511]
			if *e == 0 {
				*e = b.frame(b.tables+used<<pageShift)<<pageShift | pteWrite
				path[level] = used
				used++
			}
		}
		e := b.frame(va)<<pageShift | pteRead
		if va < b.tables || va >= b.tables+b.ntables<<pageShift {
			e |= pteData
		}
		tableAt(at, path[3])[va>>pageShift&511] = e
	}
}

func tableAt(at, n uint64) *[512]uint64 { return (*[512]uint64)(p.Ptr(at + n<<pageShift)) }

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
