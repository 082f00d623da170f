package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// What a hostile guest does with its modes, its address spaces and the frames that
// the hypervisor writes into. It enters the VMM by SYSCALL. On the way back the
// test goes as far as to what is pushed for the guest's kernel, in the mode in
// which the call leaves the guest.

const (
	ringPage  = 3  // the console ring
	listPage  = 13 // multicalls
	wordsPage = 15 // arguments of its entries, and what iret takes
	stackPage = 11 // the kernel's stack
)

// made counts what the guest has really done, so that a test can tell when
// random choices never get that far.
type made struct {
	calls, system int
	left          int // lists that went elsewhere by iret
	noUser        int // calls that were made without a root for user mode
	rings         int // output announced while the ring was mapped read-only
	infos         int // events raised while the page of a vcpu_info was mapped read-only

	interrupts int // of devices that arrived
	ended      int // of which the guest had to tell the end, and did

	switches int // of the interface of event channels
	queued   int // times that an event was in a queue
	tables   int // page tables made of pages that only event channels still held
}

// enter makes a hypercall; in user mode it is a system call.
func (h *hostile) enter(nr uint64, a [5]uint64) {
	v, r := current(), guestRegs()
	r.RIP, r.RSP, r.CS, r.SS = pageVA+0x10, h.iretContext(), abi.FlatKernelCS, abi.FlatKernelSS
	v.arch.log.again = h.IntN(10) == 0 // as if recovery had issued it again
	if h.IntN(8) == 0 {
		raiseSoft(softTimer) // so that the call makes way
	}
	wasKernel := v.kernelMode()
	enterCall(nr, a[0], a[1], a[2], a[3], a[4])
	if h.made.calls++; !wasKernel {
		h.made.system++
	} else if nr == abi.HypercallMulticall && v.arch.mc.returned {
		h.made.left++
	}
	if v.arch.guestTableUser == 0 {
		h.made.noUser++
	}
	v.arch.log.again, v.arch.log.resume = false, 0
	h.leave(r)
}

// leave goes back to the guest: its kernel may have to be entered.
func (h *hostile) leave(r *regs) {
	v := current()
	testCPU.core.softirq = 0
	if b := v.arch.bounce; b.flags != 0 && !v.domain.shutdown {
		v.arch.bounce.flags = 0
		v.enterGuestKernel(r, &b)
	}
	if v.eventsPending() && !v.domain.shutdown && h.IntN(2) == 0 {
		v.enterGuestKernel(r, &bounce{flags: bounceMask, rip: v.arch.event})
	}
	commit()
	testCPU.core.softirq = 0
}

// mend keeps the guest alive: it repairs the entry points of its kernel, unblocks
// it, and after some time gives it its first address space again.
func (h *hostile) mend(v *VCPU) {
	v.pause = 0
	a := &v.arch
	a.event, a.failsafe, a.syscall = pageVA, pageVA, pageVA
	a.kernelSS, a.kernelSP = abi.FlatKernelSS, pageVA+(stackPage+1)<<12
	if h.IntN(40) != 0 {
		return
	}
	if !v.kernelMode() {
		v.toggleMode()
	}
	for _, root := range h.roots {
		pin(root, v.domain, ptL4)
	}
	newBase(v, h.roots[0])
	newUserBase(v, h.roots[1])
	for i := range 16 {
		if m := h.frames[4+i]; i&1 != 0 {
			updateVA(uint64(pageVA+i<<12), entryTo(m, pteW|pteU), 0, v.domain)
		}
	}
	commit()
}

// iretContext is a stack pointer; mostly there is an iret_context at it.
func (h *hostile) iretContext() uint64 {
	c := abi.IretContext{RAX: h.value(), Flags: h.Uint64N(512), RIP: h.value(), CS: abi.FlatKernelCS | 3,
		RFLAGS: h.Uint64(), RSP: h.stack(), SS: abi.FlatKernelSS}
	if h.IntN(3) == 0 {
		c.CS &^= 3
	}
	at := uint64(pageVA + wordsPage<<12 + 0xe00)
	toGuest(at, unsafe.Pointer(&c), uint64(unsafe.Sizeof(c)))
	if h.IntN(200) == 0 {
		return h.value()
	}
	return at
}

// stack is a stack pointer with which the kernel can be entered, mostly.
func (h *hostile) stack() uint64 {
	if h.IntN(200) == 0 {
		return h.value()
	}
	return pageVA + (stackPage+1)<<12 - h.Uint64N(100)*8
}

// root is mostly the root of an address space.
func (h *hostile) root() uint64 {
	switch h.IntN(8) {
	case 0:
		return 0
	case 1:
		return h.value()
	case 2:
		return uint64(h.frames[h.IntN(len(h.frames))])
	}
	return uint64(h.roots[h.IntN(len(h.roots))])
}

// words puts words where the arguments of entry i of a multicall lie.
func (h *hostile) words(i int, list ...uint64) uint64 {
	at := uint64(pageVA + wordsPage<<12 + 0x100*i)
	for k, w := range list {
		toGuest(at+8*uint64(k), unsafe.Pointer(&w), 8)
	}
	return at
}

// spaces is a call that changes address spaces, or what they are made of.
func (h *hostile) spaces(i int) (uint64, [5]uint64) {
	switch h.IntN(6) {
	case 0, 1:
		cmds := [...]uint64{abi.MMUExtNewBaseptr, abi.MMUExtNewUserBaseptr, abi.MMUExtNewUserBaseptr, abi.MMUExtUnpin, abi.MMUExtPinL4, abi.MMUExtTLBFlushLocal}
		return abi.HypercallMMUExtOp, [5]uint64{h.words(i, cmds[h.IntN(len(cmds))], h.root()), 1, 0, abi.DomidSelf}
	case 2:
		at := h.root()<<pageShift | h.Uint64N(512)<<3
		return abi.HypercallMMUUpdate, [5]uint64{h.words(i, at, h.entry()), 1, 0, abi.DomidSelf}
	case 3:
		return abi.HypercallUpdateVAMapping, [5]uint64{uint64(pageVA + h.IntN(16)<<12), h.entry(), h.Uint64N(3)}
	case 4:
		return abi.HypercallSchedOp, [5]uint64{[2]uint64{abi.SchedopYield, abi.SchedopBlock}[h.IntN(2)]}
	}
	return abi.HypercallIret, [5]uint64{}
}

// meant makes a call as a real kernel could make it.
func (h *hostile) meant() {
	switch h.IntN(11) {
	case 9, 10:
		h.devices()
	case 6:
		h.race()
	case 7:
		h.infoTable()
	case 8:
		h.registers()
	case 0:
		h.ringTable()
	case 4, 5:
		h.queues()
	case 1:
		nr, a := h.spaces(0)
		h.enter(nr, a)
	default:
		n := 1 + h.IntN(5)
		for i := range n {
			e := abi.MulticallEntry{}
			var a [5]uint64
			e.Op, a = h.spaces(i)
			copy(e.Args[:], a[:])
			toGuest(uint64(pageVA+listPage<<12)+uint64(i)*multicallSize, unsafe.Pointer(&e), multicallSize)
		}
		h.enter(abi.HypercallMulticall, [5]uint64{pageVA + listPage<<12, uint64(n)})
	}
}

// ringTable makes a page table of a page that may be the console ring, and tells
// the ring's port that there is output.
func (h *hostile) ringTable() {
	page := ringPage
	if h.IntN(4) == 0 {
		page = h.IntN(16)
	}
	at, m := uint64(pageVA+page<<12), h.frames[4+page]
	for i := range uint64(512) {
		val := uint64(0)
		if i == ringIndices && h.IntN(4) != 0 {
			val = h.Uint64N(5) << 32 // output from 0 on; as an entry it is not present
		}
		toGuest(at+8*i, unsafe.Pointer(&val), 8)
	}
	h.enter(abi.HypercallUpdateVAMapping, [5]uint64{at, entryTo(m, pteU)})
	if h.IntN(8) != 0 {
		h.enter(abi.HypercallMMUExtOp, [5]uint64{h.words(0, uint64(abi.MMUExtPinL1+h.IntN(4)), uint64(m)), 1, 0, abi.DomidSelf})
	}
	cmd := uint64(abi.EvtchnopSend)
	if page == ringPage && current().domain.ring == m && pageOf(m).typ&ptCount == 1 {
		h.made.rings++
	}
	if h.IntN(20) == 0 {
		cmd = abi.EvtchnopClose
	}
	h.enter(abi.HypercallEventChannelOp, [5]uint64{cmd, h.words(0, uint64(current().domain.ringPort))})
	h.enter(abi.HypercallMMUExtOp, [5]uint64{h.words(0, abi.MMUExtUnpin, uint64(m)), 1, 0, abi.DomidSelf})
	h.enter(abi.HypercallUpdateVAMapping, [5]uint64{at, entryTo(m, pteW|pteU)})
}

// ringIndices is the index of the page-table entry in whose place the ring's
// output indices are.
const ringIndices = uint64(unsafe.Offsetof(abi.ConsoleRing{}.OutCons)) / 8

// race lets the hypervisor walk page tables that another vCPU changes meanwhile: it
// finds an entry with any content, which is gone afterwards.
func (h *hostile) race() {
	v := current()
	level := h.IntN(3)
	slot := [...]uint64{1, 1, 256}[level]
	va := [...]uint64{1 << 39, 1 << 30, 256 << 21}[level] | h.Uint64N(1<<21)&^7
	e := &tableAt(h.frames[level])[slot]
	if v.arch.guestTable != h.roots[0] || *e != 0 || pageOf(h.frames[level]).typ&ptCount == 0 {
		return
	}
	if *e = h.entry() | pteP; h.IntN(2) == 0 {
		*e = h.Uint64() | pteP
	}
	switch h.IntN(4) {
	case 0:
		updateVA(va, h.entry(), h.Uint64N(3), v.domain)
	case 1:
		setLDT(v, va&^pageMask, h.Uint64N(600))
	case 2:
		tableWrite(v, guestRegs(), va)
	default:
		frameOfVA(v, va)
	}
	*e = 0
	commit()
}

// infoPage is where the vCPU's vcpu_info goes, if the guest moves it.
const infoPage = 7

// infoTable moves the vCPU's vcpu_info to a page, which is possible once, tries to
// make a page table of the page, and raises an event, which the hypervisor notes in
// vcpu_info.
func (h *hostile) infoTable() {
	v := current()
	at, m := uint64(pageVA+infoPage<<12), h.frames[4+infoPage]
	h.enter(abi.HypercallVcpuOp, [5]uint64{abi.VcpuopRegisterVcpuInfo, uint64(v.id), h.words(0, uint64(m), h.Uint64N(60)*64)})
	zero := uint64(0)
	for i := range uint64(512) {
		toGuest(at+8*i, unsafe.Pointer(&zero), 8)
	}
	h.enter(abi.HypercallUpdateVAMapping, [5]uint64{at, entryTo(m, pteU)})
	h.enter(abi.HypercallMMUExtOp, [5]uint64{h.words(0, uint64(abi.MMUExtPinL1+h.IntN(4)), uint64(m)), 1, 0, abi.DomidSelf})
	if v.infoFrame == m && frameOfVA(v, at) == m && pageOf(m).typ&ptCount == 1 {
		h.made.infos++
	}
	h.events(abi.EvtchnopBindIPI, uint64(v.id))
	h.events(abi.EvtchnopSend, 1+h.Uint64N(12))
	updateGuestTime(v) // as at each tick of the clock
	h.enter(abi.HypercallMMUExtOp, [5]uint64{h.words(0, abi.MMUExtUnpin, uint64(m)), 1, 0, abi.DomidSelf})
	h.enter(abi.HypercallUpdateVAMapping, [5]uint64{at, entryTo(m, pteW|pteU)})
}

// registers asks for entry points, bases, breakpoints and descriptor tables, also for such
// as nobody may have.
func (h *hostile) registers() {
	val := [...]uint64{1 << 63, 1 << 47, h.Uint64(), h.value(), directMapBase + h.Uint64N(1<<30)}[h.IntN(5)]
	switch h.IntN(7) {
	case 4:
		m := h.frames[h.IntN(len(h.frames))]
		h.enter(abi.HypercallSetGDT, [5]uint64{h.words(0, uint64(m), uint64(h.frames[4+2*h.IntN(8)])), h.Uint64N(1100)})
	case 5:
		h.enter(abi.HypercallSetGDT, [5]uint64{})
	case 6:
		h.enter(abi.HypercallMMUExtOp, [5]uint64{h.words(0, abi.MMUExtSetLDT, uint64(pageVA+h.IntN(16)<<12), h.Uint64N(600)), 1, 0, abi.DomidSelf})
	case 0:
		h.enter(abi.HypercallSetCallbacks, [5]uint64{pageVA, val, pageVA})
	case 1:
		h.enter(abi.HypercallCallbackOp, [5]uint64{abi.CallbackOpRegister, h.words(0, h.Uint64N(8)|h.Uint64N(2)<<16, val)})
	case 2:
		h.enter(abi.HypercallSetSegmentBase, [5]uint64{h.Uint64N(4), val})
	default:
		h.enter(abi.HypercallSetDebugreg, [5]uint64{h.Uint64N(8), val})
	}
}
