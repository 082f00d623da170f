package main

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/guest"
	"resvirt/vi/xenelf"
)

const (
	pageShift = 12
	pageSize  = 1 << pageShift

	maxPages = 16384 // of a VM, 64 MiB
	maxWork  = 64    // frames that are filled at a time

	// Slots of the window: the first are for work, and from consoleSlots on
	// there is one for each VM's console ring.
	consoleSlots = maxWork
)

// builder lays out a VM's memory as xen.h's "start of day memory layout" has
// it: kernel, module, P2M list, start_info, XenStore and console pages, page
// tables, stack, mapped from the kernel's base on.
type builder struct {
	id   uint16
	k    xenelf.Kernel
	top  uint64 // virtual end of its segments
	mod  []byte
	next uint64 // first virtual address not handed out

	module, list, start uint64 // virtual addresses
	store, console      uint64
	tables, ntables     uint64
	stack, end          uint64
}

// p2m are the machine frames of the VM that is being built.
var p2m [maxPages]uint64

// context is the state of its vCPU.
var context abi.VcpuGuestContext

// build gives a VM memory with everything in it, and its vCPU registers.
func build(d *domain, i int) {
	b := builder{id: d.id, mod: file("initrd")}
	b.readKernel()
	if config.pages > maxPages {
		guest.Die("dom_mb is too large", config.pages)
	}
	for pfn := range config.pages {
		p2m[pfn] = pfn
	}
	if n := guest.Populate(d.id, p2m[:config.pages]); n != int64(config.pages) {
		guest.Die("populate_physmap", uint64(n))
	}
	b.layout()
	if b.next-b.k.Base > config.pages<<pageShift || b.ntables > maxWork {
		guest.Die("dom_mb is too small", config.pages)
	}
	remote, rc := guest.AllocUnbound(d.id)
	guest.Must("alloc_unbound", rc)
	b.load()
	b.startInfo(remote)
	b.pageTables()
	guest.MapForeign(0, 0, nil, maxWork)
	guest.Must("pin", guest.PinRoot(d.id, b.frame(b.tables)))
	domctl("hypercall_init", abi.DomctlHypercallInit, d.id, [4]uint64{b.frame(b.k.Hypercall)})
	d.ring = (*abi.ConsoleRing)(guest.Ptr(guest.MapForeign(d.id, consoleSlots+i, p2m[b.pfn(b.console):][:1], 0)))
	d.port, rc = guest.BindInterdomain(d.id, remote)
	guest.Must("bind_interdomain", rc)
	b.registers()
}

// file is a file for the VMs.
func file(name string) []byte {
	content, ok := guest.File(name)
	if !ok {
		guest.Die("the module has no file for the VMs", 0)
	}
	return content
}

// readKernel reads the VMs' kernel, which is one of ours.
func (b *builder) readKernel() {
	b.k.File = file("kernel")
	if b.k.Read() != "" || b.k.Hypercall < b.k.Base {
		guest.Die("the VMs' kernel is no paravirtual guest's", 0)
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
	b.list = b.take(config.pages * 8)
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
	return guest.MapForeign(b.id, 0, p2m[b.pfn(va):][:n], 0)
}

// copyIn copies to the VM's memory.
func (b *builder) copyIn(va uint64, from []byte) {
	for len(from) > 0 {
		offset := va & (pageSize - 1)
		n := min(uint64(len(from)), maxWork*pageSize-offset)
		at := b.window(va&^(pageSize-1), (offset+n+pageSize-1)>>pageShift)
		guest.CopyBytes(at+offset, guest.Addr(unsafe.Pointer(&from[0])), n)
		va, from = va+n, from[n:]
	}
}

// load copies kernel, module and P2M list. All else is zero already.
func (b *builder) load() {
	for i := range b.k.Segments() {
		if s := b.k.Segment(i); s.Kind == xenelf.Load {
			b.copyIn(b.k.Virtual(s), b.k.Content(s))
		}
	}
	b.copyIn(b.module, b.mod)
	b.copyIn(b.list, unsafe.Slice((*byte)(unsafe.Pointer(&p2m)), config.pages*8))
}

// startInfo fills the start of day page; port is the VM's end of its console's
// channel.
func (b *builder) startInfo(port uint32) {
	op := domctl("getdomaininfo", abi.DomctlGetInfo, b.id, [4]uint64{})
	si := (*abi.StartInfo)(guest.Ptr(b.window(b.start, 1)))
	copy(si.Magic[:], abi.StartInfoMagic)
	si.NrPages = config.pages
	si.SharedInfo = (*abi.DomctlDomainInfo)(unsafe.Pointer(&op.U)).SharedInfoFrame << pageShift
	si.StoreMFN = b.frame(b.store)
	si.ConsoleMFN, si.ConsoleEvtchn = b.frame(b.console), port
	si.PTBase, si.NrPTFrames = b.tables, b.ntables
	si.MFNList = b.list
	si.ModStart, si.ModLen = b.module, uint64(len(b.mod))
	n := copy(si.CmdLine[:abi.MaxGuestCmdline-1], config.line)
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
	table := func(n uint64) *[512]uint64 { return (*[512]uint64)(guest.Ptr(at + n<<pageShift)) }
	used := uint64(1) // the first is the L4
	var path [4]uint64
	for va := b.k.Base; va < b.end && b.pfn(va) < config.pages; va += pageSize {
		for level := 1; level < 4; level++ {
			e := &table(path[level-1])[va>>(48-9*level)&511]
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
		table(path[3])[va>>pageShift&511] = e
	}
}

// registers gives the VM's vCPU the registers with which a kernel starts.
func (b *builder) registers() {
	context = abi.VcpuGuestContext{Flags: abi.VGCFInKernel | abi.VGCFOnline}
	r := &context.Regs
	r.RIP, r.RSP, r.RSI = b.k.Entry, b.stack+pageSize, b.start
	r.CS, r.SS, r.RFLAGS = abi.FlatKernelCS, abi.FlatKernelSS, 1<<9
	context.KernelSS, context.KernelSP = abi.FlatKernelSS, r.RSP
	context.CtrlReg[3] = abi.XenPFNToCR3(b.frame(b.tables))
	domctl("setvcpucontext", abi.DomctlSetVcpuContext, b.id, [4]uint64{0, guest.Addr(unsafe.Pointer(&context))})
}
