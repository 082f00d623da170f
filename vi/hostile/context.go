package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// Values that fault when a processor loads them: in the first state of a vCPU, in
// descriptors that change while they are loaded, in debug registers.

// spare are the vCPUs that start down, and whose first state is drawn. Once they are
// up, they change a descriptor for a while and go down again.
const (
	spareFirst = vcpus
	spares     = 2
)

// draft is a first state that is being prepared, gdtPage a page that serves as
// GDT.
var (
	draft   abi.VcpuGuestContext
	gdtPage uint64
)

// Two forms of descriptor 1 of the GDT.
const (
	flatData   = 0x00cff3000000ffff
	absentData = flatData &^ (1 << 47)
	flatSel    = 1<<3 | 3
)

// loads makes the hypervisor load values that may fault.
func (r dice) loads() {
	switch r.n(3) {
	case 0:
		r.contexts()
	case 1:
		r.race(200)
	case 2:
		r.breakpoints()
	}
}

// badAddress is an address that is not canonical.
func (r dice) badAddress() uint64 {
	return [4]uint64{1 << 63, 1 << 47, r.word() | 1<<62&^(1<<63), 1<<48 - 1}[r.n(4)]
}

// contexts gives a spare vCPU a first state that is proper except for a field
// or two.
func (r dice) contexts() {
	id := spareFirst + r.n(spares)
	initDraft(id)
	if !r.one(8) {
		for range 1 + r.n(2) {
			r.spoil()
		}
	}
	if initialise(id) == 0 {
		vcpuOp(abi.VcpuopUp, id, 0)
	}
}

// initDraft makes draft a proper state of a spare vCPU.
func initDraft(id uint64) {
	c := &draft
	*c = abi.VcpuGuestContext{}
	c.Flags = abi.VGCFInKernel | abi.VGCFI387Valid
	c.FPU[0], c.FPU[1], c.FPU[24], c.FPU[25] = 0x7f, 3, 0x80, 0x1f
	r := &c.Regs
	r.RIP, r.RSP, r.RFLAGS = flipAt[0], arena+pageSize, 2
	r.CS, r.SS = abi.FlatKernelCS, abi.FlatKernelSS
	r.R12, r.R13, r.R15, r.RBP = frameOf(gdtPage)<<12+8, absentData, flatData, id
	c.KernelSP, c.KernelSS = arena+pageSize, abi.FlatKernelSS
	c.CtrlReg[3] = abi.XenPFNToCR3(frameOf(start.PTBase))
}

// spoil puts a value into a field of draft that some load refuses, or any
// value.
func (r dice) spoil() {
	c := &draft
	at := r.badAddress()
	switch r.n(14) {
	case 0:
		c.FSBase = at
	case 1:
		c.GSBaseKernel = at
	case 2:
		c.GSBaseUser = at
	case 3:
		*(*uint32)(unsafe.Pointer(&c.FPU[24])) = uint32(r.word()) | 1<<(16+r.n(16))
	case 4:
		c.EventCallback, c.FailsafeCallback, c.SyscallCallback = at, at, at
	case 5:
		c.Traps[r.n(32)].Address = at
	case 6:
		c.DebugReg[r.n(4)], c.DebugReg[7] = r.value(), 0x401
	case 7:
		c.DebugReg[7] = r.value() | r.n(4)
	case 8:
		c.VMAssist = 1 << r.n(64)
	case 9:
		c.LDTBase, c.LDTEnts = r.value(), r.n(9000)
	case 10:
		c.GDTFrames[0], c.GDTEnts = r.frame(), r.n(8000)
	case 11:
		c.CtrlReg[r.n(8)] = r.value()
	case 12:
		c.Regs.RFLAGS = r.word()
	default: // any word
		*(*uint64)(unsafe.Add(unsafe.Pointer(c), r.n(uint64(unsafe.Sizeof(*c))/8)*8)) = r.value()
	}
}

func vcpuOp(op, id, arg uint64) int64 { return hypercall(abi.HypercallVcpuOp, op, id, arg, 0, 0) }

// initialise gives a vCPU the state in draft.
func initialise(id uint64) int64 {
	return vcpuOp(abi.VcpuopInitialise, id, addr(unsafe.Pointer(&draft)))
}

// setTable makes gdtPage the GDT of this vCPU.
func setTable() int64 {
	f := frameOf(gdtPage)
	hypercall(abi.HypercallUpdateVAMapping, gdtPage, f<<12|0x65, abi.UVMFInvlpg|abi.UVMFAll, 0, 0)
	list := [1]uint64{f}
	return hypercall(abi.HypercallSetGDT, addr(unsafe.Pointer(&list)), 512, 0, 0, 0)
}

// race loads a selector while a vCPU of another processor changes its descriptor.
func (r dice) race(n int) {
	if setTable() != 0 {
		return
	}
	vcpuOp(abi.VcpuopUp, spareFirst+1-uint64(me()), 0)
	for range n {
		hypercall(abi.HypercallSetSegmentBase, abi.SegbaseGSUserSel, flatSel, 0, 0, 0)
	}
}

// breakpoints sets breakpoints on memory of the arena, or anywhere, and delays
// one by a load of SS until after SYSCALL.
func (r dice) breakpoints() {
	at := r.va()
	setDebug(7, 0)
	store(at, abi.FlatKernelSS)
	for n := range r.n(4) {
		a := at + r.n(16)
		if r.one(4) {
			a = r.value()
		}
		setDebug(n, a)
	}
	seven := r.n(256)
	for n := range uint64(4) {
		seven |= (1 + 2*r.n(2) + r.n(4)<<2) << (16 + 4*n) // writes, or all accesses
	}
	if r.one(4) {
		seven = r.value()
	}
	setDebug(7, seven)
	if r.one(2) {
		stackBreak(at)
	}
	store(at, 1)
	load(at)
	setDebug(7, 0)
}

func setDebug(n, val uint64) int64 { return hypercall(abi.HypercallSetDebugreg, n, val, 0, 0, 0) }
