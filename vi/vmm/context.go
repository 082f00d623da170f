package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// A vCPU's first state, which a guest or the control domain gives as a
// vcpu_guest_context: it is accepted if a processor can load all of it.

// contextRest is vcpu_guest_context from the LDT on.
type contextRest struct {
	ldtBase, ldtEnts         uint64
	gdtFrames                [16]uint64
	gdtEnts                  uint64
	kernelSS, kernelSP       uint64
	ctrl                     [8]uint64
	debug                    [8]uint64
	event, failsafe, syscall uint64
	assist                   uint64
	fsBase, gsKernel, gsUser uint64
}

const (
	restAt   = unsafe.Offsetof(abi.VcpuGuestContext{}.LDTBase)
	restSize = unsafe.Sizeof(contextRest{})
)

// Both structures end at the same byte.
const (
	_ = restAt + restSize - unsafe.Sizeof(abi.VcpuGuestContext{})
	_ = unsafe.Sizeof(abi.VcpuGuestContext{}) - restAt - restSize
)

// initVCPU loads a vCPU that is down with the state at arg, a
// vcpu_guest_context, piece by piece into where the pieces belong.
func initVCPU(v *VCPU, arg uint64) int64 {
	var c *abi.VcpuGuestContext // for offsets
	var rest contextRest
	var flags uint64
	a := &v.arch
	at := func(p unsafe.Pointer, off, n uintptr) bool {
		return fromGuest(p, arg+uint64(off), uint64(n))
	}
	if !at(unsafe.Pointer(&a.fpu), unsafe.Offsetof(c.FPU), 512) ||
		!at(unsafe.Pointer(&flags), unsafe.Offsetof(c.Flags), 8) ||
		!at(unsafe.Pointer(&a.regs), unsafe.Offsetof(c.Regs), unsafe.Sizeof(c.Regs)) ||
		!at(unsafe.Pointer(a.traps), unsafe.Offsetof(c.Traps), unsafe.Sizeof(c.Traps)) ||
		!at(unsafe.Pointer(&rest), restAt, restSize) {
		return -abi.EFAULT
	}
	if flags&abi.VGCFI387Valid == 0 {
		initFPU(&a.fpu)
	}
	if flags&abi.VGCFInKernel == 0 || !rest.fits(v) {
		return -abi.EINVAL
	}
	dropRoots(v)
	if rc := v.takeTables(&rest); rc != 0 {
		dropRoots(v)
		return rc
	}
	a.kernelSS, a.kernelSP = rest.kernelSS, rest.kernelSP
	a.event, a.failsafe, a.syscall = rest.event, rest.failsafe, rest.syscall
	a.fsBase, a.gsKernel, a.gsUser = rest.fsBase, rest.gsKernel, rest.gsUser
	a.flags = inKernelMode | uint32(flags)&(abi.VGCFFailsafeDisableEvents|abi.VGCFSyscallDisableEvents)
	a.fpuTS = rest.ctrl[0] >> 3 & 1
	v.setGuestCR4(rest.ctrl[4])
	if v.id == 0 {
		v.domain.assist = rest.assist
	}
	a.iopl = uint32(a.regs.RFLAGS >> 12 & 3)
	a.selectors = selectors{}
	sanitize(&a.regs)
	v.initOK = true
	return 0
}

// fits says whether a processor can load a context without a fault. The parts
// of the context before contextRest are in v already. The debug registers are
// put into v on the way.
func (c *contextRest) fits(v *VCPU) bool {
	a := &v.arch
	for i := range a.traps {
		if !canonical(a.traps[i].Address) {
			return false
		}
	}
	return fxsaveFits(&a.fpu) && canonical(a.regs.RIP) && canonical(a.regs.RSP) && canonical(c.kernelSP) &&
		canonical(c.event) && canonical(c.failsafe) && canonical(c.syscall) &&
		canonical(c.fsBase) && canonical(c.gsKernel) && canonical(c.gsUser) &&
		c.assist&^vmAssists == 0 && v.setContextDebug(&c.debug) == 0
}

// takeTables takes page tables and descriptor tables of a context. After a failure
// the caller gives back what was taken.
func (v *VCPU) takeTables(c *contextRest) int64 {
	a := &v.arch
	root, user := mfn(abi.XenCR3ToPFN(c.ctrl[3])), mfn(abi.XenCR3ToPFN(c.ctrl[1]))
	if rc := getPageAndType(root, v.domain, ptL4); rc != 0 {
		return rc
	}
	setFrame(&a.guestTable, root)
	if user != 0 {
		if rc := getPageAndType(user, v.domain, ptL4); rc != 0 {
			return rc
		}
		setFrame(&a.guestTableUser, user)
	}
	if c.gdtEnts != 0 {
		gdt := (*[abi.FirstReservedGDTPage]uint64)(c.gdtFrames[:])
		if rc := setGDT(v, gdt, uint32(min(c.gdtEnts, 1<<20))); rc != 0 {
			return rc
		}
	}
	if c.ldtEnts != 0 {
		return takeLDT(v, c.ldtBase, c.ldtEnts)
	}
	return 0
}

// sanitize makes registers fit for ring 3.
func sanitize(r *regs) {
	r.CS |= 3
	r.SS |= 3
	r.RFLAGS = r.RFLAGS&^(3<<12|1<<14|1<<17) | flagIF | 2
	r.EntryVector = 3
	r.DS, r.ES, r.FS, r.GS = 0, 0, 0, 0
}

// initFPU is the state after FNINIT with default MXCSR in FXSAVE's layout
// (AMD APM vol. 1, 11.4.4).
func initFPU(p *[512]byte) {
	*p = [512]byte{}
	p[0], p[1] = 0x7f, 0x03
	p[24], p[25] = 0x80, 0x1f
}

// saveVCPU is the inverse of initVCPU: it writes the state of a vCPU that does
// not run to arg, a vcpu_guest_context.
func saveVCPU(v *VCPU, arg uint64) int64 {
	var c *abi.VcpuGuestContext // for offsets
	a := &v.arch
	flags := uint64(abi.VGCFI387Valid) | uint64(a.flags)
	if a.flags&inKernelMode != 0 {
		flags |= abi.VGCFInKernel
	}
	if v.pause&pauseDown == 0 {
		flags |= abi.VGCFOnline
	}
	rest := contextRest{
		ldtBase: a.ldtBase, ldtEnts: a.ldtEnts, gdtEnts: a.gdtEnts,
		kernelSS: a.kernelSS, kernelSP: a.kernelSP,
		ctrl:  [8]uint64{cr0VMM | a.fpuTS<<3, uint64(a.guestTableUser) << pageShift, 0, uint64(a.guestTable) << pageShift, guestCR4 | a.cr4},
		debug: a.debugReg,
		event: a.event, failsafe: a.failsafe, syscall: a.syscall, assist: v.domain.assist,
		fsBase: a.fsBase, gsKernel: a.gsKernel, gsUser: a.gsUser,
	}
	for i, m := range a.gdtFrames {
		rest.gdtFrames[i] = uint64(m)
	}
	regs := a.regs
	regs.RFLAGS |= uint64(a.iopl) << 12
	at := func(p unsafe.Pointer, off, n uintptr) bool { return toGuest(arg+uint64(off), p, uint64(n)) }
	if !at(unsafe.Pointer(&a.fpu), unsafe.Offsetof(c.FPU), 512) ||
		!at(unsafe.Pointer(&flags), unsafe.Offsetof(c.Flags), 8) ||
		!at(unsafe.Pointer(&regs), unsafe.Offsetof(c.Regs), unsafe.Sizeof(c.Regs)) ||
		!at(unsafe.Pointer(a.traps), unsafe.Offsetof(c.Traps), unsafe.Sizeof(c.Traps)) ||
		!at(unsafe.Pointer(&rest), restAt, restSize) {
		return -abi.EFAULT
	}
	return 0
}
