package main

import (
	"sync/atomic"
	"unsafe"
)

// Model-specific registers of the segment bases (AMD APM vol. 2, 4.5).
const (
	msrFSBase       = 0xc0000100
	msrGSBase       = 0xc0000101
	msrKernelGSBase = 0xc0000102
)

// contextSwitch loads next's registers instead of prev's. Interrupts are on;
// what is on the stack, prev's hypercall or interrupt, ends here: the stack
// belongs to the CPU, and next uses it from the top on its way back to its
// guest.
func contextSwitch(prev, next *VCPU) {
	count(statSwitches)
	irqOff()
	c := this()
	next.noteNew()
	c.core.curr = next
	if !prev.isIdle() {
		saveContext(c, prev)
	}
	if next.isIdle() {
		c.fpu, c.guestTS = nil, false
		writeCR3(next.cr3())
	} else {
		loadContext(c, next)
	}
	contextSaved(prev)
	if next.isIdle() {
		resetStackAndCall(idleLoop)
	}
	updateGuestTime(next)
	if !next.isIdle() {
		next.showAreas()
	}
	returnToGuest()
}

// contextSaved lets other CPUs treat prev as not running.
func contextSaved(prev *VCPU) {
	assert(prev.isRunning == 1)
	atomic.StoreUint32(&prev.isRunning, 0)
}

// saveContext stores what entry code did not: the general registers that lie
// in the CPU's block, and the bases of FS and GS. The FPU state is in the
// vCPU already.
func saveContext(c *CPU, v *VCPU) {
	copyRegs(&v.arch.regs, guestRegs())
	v.noteSaved()
	saveBases(v)
	saveSelectors(v)
	if v.debugging() {
		disarmDebug()
	}
	c.loaded = nil
	clearBits(&v.domain.dirtyCPUs, 1<<c.ID)
}

// saveBases stores the bases of FS and GS.
func saveBases(v *VCPU) {
	v.arch.fsBase = readMSR(msrFSBase)
	gs, other := readMSR(msrGSBase), readMSR(msrKernelGSBase)
	if v.kernelHas(gs, other) {
		v.arch.gsKernel, v.arch.gsUser = gs, other
	} else {
		v.arch.gsUser, v.arch.gsKernel = gs, other
	}
	v.arch.gsMoves = false
}

// kernelHas says whether GS is the kernel's of the two bases that the CPU holds. After a
// failure between a change of the mode and SWAPGS, or between two SWAPGS, the mode does
// not tell that. Then a base that is in memory does: the kernel's, from the last
// switch or hypercall, unless it has changed it by itself since.
func (v *VCPU) kernelHas(gs, other uint64) bool {
	a := &v.arch
	if a.gsMoves && (gs == a.gsKernel) != (other == a.gsKernel) {
		return gs == a.gsKernel
	}
	return v.kernelMode()
}

// loadContext is the inverse of saveContext, and loads the address space.
func loadContext(c *CPU, v *VCPU) {
	setBits(&v.domain.dirtyCPUs, 1<<c.ID)
	loadGDT(c, v)
	loadLDT(c, v)
	writeCR3(v.cr3())
	copyRegs(guestRegs(), &v.arch.regs)
	noted := uint32(notedEntry)
	if v.arch.bounce.flags&bounceSystem != 0 {
		noted |= notedCall // preempted before its system call reached its kernel
	}
	v.note(noted)
	loadSelectors(v)
	v.loadBase(msrFSBase, v.arch.fsBase)
	gs, other := v.arch.gsKernel, v.arch.gsUser
	if !v.kernelMode() {
		gs, other = other, gs
	}
	v.loadBase(msrGSBase, gs)
	v.loadBase(msrKernelGSBase, other)
	if v.debugging() {
		v.armDebug()
	}
	if c.guestCR4 != v.arch.cr4 {
		loadGuestCR4(c, v)
	}
	c.loaded = v
	forgetFPU() // or v could see the last x87 instruction of another vCPU
	c.fpu = unsafe.Pointer(&v.arch.fpu)
	c.guestTS = v.arch.fpuTS != 0
}

// cr3 is the root of the address space that v runs in, a frame that v holds.
// Every load of CR3 takes its value from here. A vCPU without a root runs where
// only the hypervisor is mapped. That is the idle vCPU, or one whose root
// recovery could not take again; the latter's domain will end.
func (v *VCPU) cr3() uint64 { return v.rootOf(v.kernelMode()) }

// rootOf is the root of v's kernel or of its user mode.
func (v *VCPU) rootOf(kernel bool) uint64 {
	root := v.arch.guestTableUser
	if kernel {
		root = v.arch.guestTable
	}
	if root == 0 {
		root = idleL4Frame()
	}
	return uint64(root) << pageShift
}

// toggleMode changes between the guest's kernel and user mode, which differ
// in the address space and in who owns GS. v is current.
func (v *VCPU) toggleMode() {
	v.arch.gsMoves = true
	v.arch.flags ^= inKernelMode
	swapGS()
	v.arch.gsMoves = false
	writeCR3(v.cr3())
}

// idleLoop is what a CPU does between vCPUs. Interrupts are on.
func idleLoop() {
	irqOn()
	for {
		irqOff()
		if softPending() {
			irqOn()
			doSoft()
		} else {
			this().core.left++
			waitIRQ()
		}
	}
}
