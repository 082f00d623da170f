package main

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/xenelf"
)

// builder lays out a new domain as Xen's domain builder does: from the
// kernel's base on upwards kernel, initrd, P2M list, start info, XenStore and
// console pages, page tables, stack; all mapped, up to a multiple of 4 MiB with
// at least 512 KiB to spare. If the kernel's notes say so, the initrd lies
// above all that, unmapped, and the P2M list, mapped where the kernel wants it.
type builder struct {
	d     *Domain
	k     kernelImage
	p2m   *[1 << 20]uint64 // frames of the domain, in hypervisor memory
	pages uint64
	next  uint64 // first virtual address not handed out

	initrd, list, start uint64 // virtual addresses
	store, console      uint64
	tables, ntables     uint64
	stack, end          uint64

	why string // the reason for which the domain cannot be built

	initrdPFN        uint64 // of an initrd that is not mapped
	listPFN, listEnd uint64 // of a P2M list elsewhere, with the page tables for it
	spare            uint64 // the next frame for a page table
}

// buildDomain makes a domain of the kernel in module 1 and the initrd in module 2,
// with its first vCPU ready to run but down. If that fails it returns nil and the
// reason. Domain 0 is the control domain.
func buildDomain(id uint16, cpu uint32) (*Domain, string) {
	pages, vcpus := params.domMB<<20>>pageShift, uint32(params.vcpus)
	if id == 0 {
		pages, vcpus = params.controlMB<<20>>pageShift, 1
	}
	const noMemory = "there is not enough memory for it"
	d := createDomain(id, pages)
	if d == nil {
		return nil, noMemory
	}
	d.privileged = id == 0
	if d.privileged || params.guest != 0 {
		d.mostPorts = maxPorts // nobody else wants the memory
	}
	ok := true
	for i := uint32(0); i < vcpus; i++ {
		ok = ok && d.addVCPU((cpu+i)%nrCPUs()) != nil
	}
	order := uint(0)
	for 1<<order*uint64(pageSize) < pages*8 {
		order++
	}
	m := allocFrames(order)
	if !ok || m == 0 {
		killDomain(d, false)
		return nil, noMemory
	}
	var b builder
	b.d, b.pages, d.mapPages = d, pages, pages
	b.p2m = (*[1 << 20]uint64)(frameAddr(m))
	ok = b.build()
	freeFrames(m, order)
	if !ok {
		killDomain(d, false)
		return nil, b.why
	}
	return d, ""
}

// refuse notes why the domain cannot be built.
func (b *builder) refuse(why string) bool {
	b.why = why
	return false
}

func (b *builder) build() bool {
	mod := bootInfo.mods[1]
	b.k.File = unsafe.Slice((*byte)(ptr(directMapBase+mod.start)), mod.end-mod.start)
	if why := b.k.parse(); why != "" {
		return b.refuse(why)
	}
	if !b.fits() {
		return b.refuse("the guest's address space has no room behind its base, or for its list of frames")
	}
	for i := uint64(0); i < b.pages; i++ {
		m := allocDomainPage(b.d)
		if m == 0 {
			return b.refuse("there is not enough memory for it")
		}
		b.p2m[i&(1<<20-1)] = uint64(m)
		setM2P(m, i)
	}
	b.layout()
	if b.top() > b.pages {
		return b.refuse("its memory is too small for kernel and initrd")
	}
	b.load()
	b.startInfo()
	return b.pageTables() && b.firstVCPU()
}

// fits says whether all that is going to be mapped lies in the guest's part of
// the address space, and nothing overlaps. Its estimate is rather too large than
// too small.
func (b *builder) fits() bool {
	list := pagesFor(b.pages*8) << pageShift
	n := b.k.end - b.k.Base + initrdSize() + list + 8<<20
	n += n >> 8 // page tables
	if b.k.P2M != 0 && (!guestRange(b.k.P2M, list) || b.k.P2M < b.k.Base+n && b.k.Base < b.k.P2M+list) {
		return false
	}
	return guestRange(b.k.Base, n)
}

// take hands out n bytes of virtual space, in whole pages.
func (b *builder) take(n uint64) uint64 {
	at := b.next
	b.next += (n + pageMask) &^ pageMask
	return at
}

// layout decides where everything goes.
func (b *builder) layout() {
	b.next = (b.k.end + pageMask) &^ pageMask
	if !b.k.ModByPFN {
		b.initrd = b.take(initrdSize())
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
	pfn := (b.end - b.k.Base) >> pageShift
	if b.k.ModByPFN {
		b.initrdPFN = pfn
		pfn += pagesFor(initrdSize())
	}
	b.listEnd = pfn
	if b.k.P2M != 0 {
		b.list, b.listPFN = b.k.P2M, pfn
		b.listEnd += pagesFor(b.pages*8) + tablesFor(b.list, b.list+b.pages*8)
	}
}

// top is the number of frames that the layout takes. The end of the mapping
// may lie above the domain's memory.
func (b *builder) top() uint64 {
	if b.k.ModByPFN || b.k.P2M != 0 {
		return b.listEnd
	}
	return (b.next - b.k.Base) >> pageShift
}

func initrdSize() uint64 { return bootInfo.mods[2].end - bootInfo.mods[2].start }

func pagesFor(n uint64) uint64 { return (n + pageMask) >> pageShift }

// tablesFor is the number of page tables below the L4 that map a range.
func tablesFor(from, to uint64) uint64 {
	n := uint64(0)
	for shift := uint(39); shift >= 21; shift -= 9 {
		n += (to-1)>>shift - from>>shift + 1
	}
	return n
}

// pfnFrame is the frame behind a pseudo-physical frame number.
func (b *builder) pfnFrame(pfn uint64) mfn { return mfn(b.p2m[pfn&(1<<20-1)]) }

// frame is the frame behind a virtual address of the initial mapping.
func (b *builder) frame(va uint64) mfn { return b.pfnFrame((va - b.k.Base) >> pageShift) }

// at is where the hypervisor sees a guest address; good up to the page's end.
func (b *builder) at(va uint64) unsafe.Pointer {
	return unsafe.Add(frameAddr(b.frame(va)), va&pageMask)
}

// copyIn copies bytes that the hypervisor sees to guest addresses.
func (b *builder) copyIn(va, from, n uint64) {
	for n > 0 {
		k := min(n, pageSize-va&pageMask)
		copy(unsafe.Slice((*byte)(b.at(va)), k), unsafe.Slice((*byte)(ptr(from)), k))
		va, from, n = va+k, from+k, n-k
	}
}

// copyPFN copies bytes that the hypervisor sees to frames from a number on.
func (b *builder) copyPFN(pfn, from, n uint64) { b.copyIn(b.k.Base+pfn<<pageShift, from, n) }

// load copies kernel, initrd and P2M list into the domain, and fills the
// hypercall page.
func (b *builder) load() {
	for i := range b.k.Segments() {
		if s := b.k.Segment(i); s.Kind == xenelf.Load {
			b.copyIn(b.k.Virtual(s), addrOf(unsafe.Pointer(unsafe.SliceData(b.k.Content(s)))), s.FileSize)
		}
	}
	from := directMapBase + bootInfo.mods[2].start
	if b.k.ModByPFN {
		b.copyPFN(b.initrdPFN, from, initrdSize())
	} else {
		b.copyIn(b.initrd, from, initrdSize())
	}
	list := addrOf(unsafe.Pointer(b.p2m))
	if b.k.P2M != 0 {
		b.copyPFN(b.listPFN, list, b.pages*8)
	} else {
		b.copyIn(b.list, list, b.pages*8)
	}
	if b.k.Hypercall != 0 {
		fillHypercallPage((*[pageSize]byte)(b.at(b.k.Hypercall &^ pageMask)))
	}
}

// fillHypercallPage writes a stub for each hypercall: the number into EAX, and
// SYSCALL, which costs the guest RCX and R11. The stub of iret does not return;
// it leaves RCX, R11 and RAX on the stack, where an iret_context has them.
func fillHypercallPage(p *[pageSize]byte) {
	for nr := 0; nr < abi.NumHypercalls; nr++ {
		s := p[nr*abi.HypercallStubBytes:][:abi.HypercallStubBytes]
		n := 0
		put := func(b byte) {
			s[n] = b
			n++
		}
		put(0x51) // push rcx
		put(0x41) // push r11
		put(0x53)
		if nr == abi.HypercallIret {
			put(0x50) // push rax
		}
		put(0xb8) // mov eax, nr
		put(byte(nr))
		put(0)
		put(0)
		put(0)
		put(0x0f) // syscall
		put(0x05)
		if nr == abi.HypercallIret {
			continue
		}
		put(0x41) // pop r11
		put(0x5b)
		put(0x59) // pop rcx
		put(0xc3) // ret
	}
}

// startInfo fills the start of day page.
func (b *builder) startInfo() {
	si := (*abi.StartInfo)(b.at(b.start))
	copy(si.Magic[:], abi.StartInfoMagic)
	si.NrPages = b.pages
	si.SharedInfo = uint64(frameOfAddr(unsafe.Pointer(b.d.shared))) << pageShift
	si.StoreMFN, si.ConsoleMFN = uint64(b.frame(b.store)), uint64(b.frame(b.console))
	si.PTBase, si.NrPTFrames = b.tables, b.ntables
	si.MFNList = b.list
	if si.ModLen = initrdSize(); si.ModLen != 0 {
		si.ModStart = b.initrd
		if b.k.ModByPFN {
			si.ModStart, si.Flags = b.initrdPFN, abi.SIFModStartPFN
		}
	}
	if b.k.P2M != 0 {
		si.FirstP2MPFN, si.NrP2MFrames = b.listPFN, b.listEnd-b.listPFN
	}
	if params.guest != 0 {
		si.ConsoleEvtchn = serveConsole(b.d, b.frame(b.console))
	}
	line := bootInfo.cmdline[params.guestAt:bootInfo.cmdlen]
	if b.d.privileged {
		si.Flags |= abi.SIFPrivileged | abi.SIFInitdomain
		si.ConsoleMFN = 0 // it has the hypervisor's console
		line = bootInfo.cmdline[:bootInfo.cmdlen]
	}
	n := copy(si.CmdLine[:abi.MaxGuestCmdline-1], line)
	si.CmdLine[n] = 0
}

// pageTables builds the initial address space and has it validated.
func (b *builder) pageTables() bool {
	root := b.frame(b.tables)
	b.spare = (b.tables-b.k.Base)>>pageShift + 1 // the first is the L4
	for va := b.k.Base; va < b.end; va += pageSize {
		if (va-b.k.Base)>>pageShift >= b.pages {
			break
		}
		e := uint64(pteP | pteU | pteA)
		if va < b.tables || va >= b.tables+b.ntables<<pageShift {
			e |= pteW | pteD
		}
		b.mapPage(root, va, uint64(b.frame(va))<<pageShift|e)
	}
	if b.k.P2M != 0 {
		n := pagesFor(b.pages * 8)
		b.spare = b.listPFN + n
		for i := uint64(0); i < n; i++ {
			b.mapPage(root, b.list+i<<pageShift, uint64(b.pfnFrame(b.listPFN+i))<<pageShift|pteP|pteW|pteU|pteA|pteD)
		}
	}
	if pin(root, b.d, ptL4) != 0 {
		return b.refuse("its first page tables are not valid")
	}
	return getPageAndType(root, b.d, ptL4) == 0
}

// mapPage enters a page into the initial address space.
func (b *builder) mapPage(root mfn, va, entry uint64) {
	t := tableAt(root)
	for shift := uint(39); shift > 12; shift -= 9 {
		e := &t[va>>shift&511]
		if *e == 0 {
			*e = uint64(b.pfnFrame(b.spare))<<pageShift | pteP | pteW | pteU | pteA
			b.spare++
		}
		t = tableAt(pteFrame(*e))
	}
	t[va>>12&511] = entry
}

// firstVCPU sets the registers that a kernel starts with.
func (b *builder) firstVCPU() bool {
	v := b.d.vcpu[0]
	a := &v.arch
	a.guestTable = b.frame(b.tables)
	a.flags = inKernelMode
	a.regs.RIP, a.regs.RSP, a.regs.RSI = b.k.Entry, b.stack+pageSize, b.start
	a.regs.CS, a.regs.SS = abi.FlatKernelCS, abi.FlatKernelSS
	a.kernelSP, a.kernelSS = a.regs.RSP, abi.FlatKernelSS
	sanitize(&a.regs)
	v.initOK = true
	return true
}
