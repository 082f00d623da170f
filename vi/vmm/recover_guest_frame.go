package main

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// capture copies the registers that an exception interrupted, and the FPU's
// state, which entry code saved below them, before the stack on which both lie
// is given up.
func capture(c *CPU, r *regs) {
	if c.trapped {
		return // the first exception is the failure, the rest follow from it
	}
	at := c.below(r, &c.trap)
	c.trapFPU = *(*[512]byte)(ptr((addrOf(unsafe.Pointer(at)) - nestedFPU) &^ 15))
	c.trapped = true
}

// below finds what was interrupted first. The code that failed with the registers r
// may be the handler of an NMI: then it is what the NMI interrupted. That again may be
// the handler of #DB: then it is what #DB interrupted. below returns the registers
// under which the FPU's state was saved. (When #DB comes from a guest, the FPU stays
// the guest's until the guest's registers have been moved to their place.)
func (c *CPU) below(r, to *regs) *regs {
	*to = *r
	at := r
	if nmi := c.interrupted(blockTopNMI, to); nmi != nil {
		at = nmi
	}
	if db := c.interrupted(blockTopDB, to); db != nil && to.CS&3 == 0 {
		at = db
	}
	return at
}

// interrupted is about an exception that has a stack of its own, which ends at top. If
// it was that exception's code that failed with the registers r, interrupted replaces
// them by those that the exception had interrupted. They are on that stack, or, as far
// as the entry had not pushed them or the way back had popped them, still in r. It
// returns where they are on the stack, if all of them are there.
func (c *CPU) interrupted(top uint64, r *regs) *regs {
	top += addrOf(unsafe.Pointer(c))
	own := top - uint64(unsafe.Offsetof(regs{}.ES))
	saved := (*regs)(ptr(own))
	switch {
	case r.RSP >= (top-1)&^pageMask && r.RSP <= own:
		*r = *saved
		return saved
	case r.RSP > own && r.RSP <= own+uint64(regsRIP):
		s := guestState{regs: *saved}
		s.partial(r, saved, r.RSP-own)
		*r = s.regs
	}
	return nil
}

// guestState is a vCPU's registers as recovery puts them together.
type guestState struct {
	regs regs
	call bool // its guest waits for a call that is not complete
}

// keepGuest makes sure that the registers of the vCPU that a CPU runs are noted.
func keepGuest(c *CPU) {
	saveFSGS(c)
	v := c.core.curr
	if v == nil || !vcpuOK(v) || v.arch.noted != 0 {
		return
	}
	saved := guestRegsOf(c)
	s := guestState{regs: *saved, call: saved.EntryVector == trapSyscallNew}
	if c.trapped && c.trap.CS&3 != 0 {
		s.regs, s.call = c.trap, false // an NMI came while the guest ran
		v.arch.fpu = c.trapFPU
	} else if c.trapped && begin(stepGuestFrame) && s.guestFrame(c, saved) {
		v.arch.fpu = c.trapFPU
	}
	v.arch.log.start(s.regs.RAX) // the call has not begun
	v.arch.kept = s.regs
	v.arch.noted = notedKept | v.agreed()
	if s.call {
		v.arch.noted |= notedCall
	}
}

// Step guest_frame. On the way from the guest into the VMM and back the guest's
// registers are partly in the CPU and partly on the stack. After a failure in
// between, the upper words of the saved registers are valid, and the lower ones are
// still those of an earlier entry; their true values are in the CPU's registers at
// the failure. The stack pointer tells how many words the entry had pushed, or the
// way back had popped. On these ways the FPU holds the guest's state.

// guestFrame completes the guest's registers in saved, where the entry pushes
// them, by those that the CPU had at the failure. It returns false if nothing
// was missing.
func (s *guestState) guestFrame(c *CPU, saved *regs) bool {
	r := &c.trap
	base := addrOf(unsafe.Pointer(saved))
	sp := r.RSP
	if isHypervisorAddr(sp) {
		// This is not a guest's stack pointer: it is the VMM's, perhaps with a
		// wrong bit. Use only the offset in the CPU's block.
		sp = addrOf(unsafe.Pointer(c)) | sp&(cpuBlockSize-1)
	}
	switch {
	case sp >= base && sp <= base+uint64(regsES):
		s.partial(r, saved, sp-base)
		if sp-base > uint64(regsRIP) && sp-base <= uint64(regsES) {
			s.pushed(c, sp-base)
		}
	case sp < base && sp > addrOf(unsafe.Pointer(c)), inGo(r.RIP):
		return false
	default:
		// The stack pointer is the guest's: before SYSCALL's entry has changed
		// it, or just before SYSRET. RCX and R11 have RIP and RFLAGS.
		s.regs = *r
		s.regs.RIP, s.regs.RFLAGS = r.RCX, r.R11
		s.regs.CS, s.regs.SS = abi.FlatKernelCS, abi.FlatKernelSS
		if r.RDI == base {
			s.regs.RDI = saved.RDI
		}
		s.call = s.regs.RAX != saved.RAX || s.regs.RIP != saved.RIP || s.regs.RSP != saved.RSP || s.regs.RDI != saved.RDI
	}
	return true
}

// inGo says whether the VMM was executing Go code. It runs only when all
// registers have been saved, whatever the stack pointer says.
func inGo(rip uint64) bool {
	m := &bare.Image
	return rip-m.VirtBase < m.DataEnd-m.VirtBase && rip-entries.vectors > entries.guestIRET-entries.vectors
}

// partial takes the registers below offset at, the place of the stack pointer,
// from the CPU's registers.
func (s *guestState) partial(r, saved *regs, at uint64) {
	from, to := (*[15]uint64)(unsafe.Pointer(r)), (*[15]uint64)(unsafe.Pointer(&s.regs))
	for k := range to {
		if uint64(k)*8 < at {
			to[k] = from[k]
		}
	}
	// RDI is special. An exception's stub calls the entry, so that the place of RDI
	// first holds the return address; after an XCHG the return address is in RDI. On
	// the way back RDI holds the address of the guest's registers.
	stub := func(v uint64) bool { return v-entries.vectors <= 256*8 }
	if stub(r.RDI) || r.RDI == addrOf(unsafe.Pointer(saved)) {
		s.regs.RDI = saved.RDI
	} else if at <= uint64(regsRDI) && stub(saved.RDI) {
		s.regs.RDI = r.RDI
	}
	// An interrupt right after SYSRET finds RCX and R11 as SYSCALL leaves them:
	// only syscallMark tells the two apart.
	s.call = *csWord(saved)&syscallMark != 0
	*csWord(&s.regs) = uint64(s.regs.CS)
}

// pushed fills the words that SYSCALL's entry had not pushed yet.
func (s *guestState) pushed(c *CPU, at uint64) {
	r := &c.trap
	s.call = true
	s.regs.RIP = r.RCX
	if at > uint64(regsCS) {
		s.regs.CS = abi.FlatKernelCS
	}
	if at > uint64(regsRFLAGS) {
		s.regs.RFLAGS = r.R11
	}
	if at > uint64(regsRSP) {
		s.regs.RSP = sysRSP[c.ID&(maxCPUs-1)]
	}
	if at > uint64(regsSS) {
		s.regs.SS = abi.FlatKernelSS
	}
}

// restoreGuest gives a vCPU that was running on a CPU the registers that were
// noted for it.
func restoreGuest(v *VCPU) {
	a := &v.arch
	w := a.noted
	if w&notedWhere == 0 || w > notedValid || v.isRunning == 0 && cpuByID(v.cpu).core.curr != v {
		return
	}
	switch w & notedWhere {
	case notedEntry:
		a.regs = *guestRegsOf(cpuByID(v.cpu))
	case notedKept:
		a.regs = a.kept
	}
	applyNext(&a.regs, &a.next, w)
	a.write.finishWrite(&a.regs)
	a.regs.EntryVector = 3 // every register is restored
	if w&notedCall != 0 {
		a.regs.RAX = a.log.nr
	}
	if (w&notedKernel != 0) != v.kernelMode() {
		a.flags ^= inKernelMode
	}
	v.info.EvtchnUpcallMask = uint8(w >> notedMask)
	a.drafted = 0
	hypercallRetry(v, w)
	a.noted = 0
	v.note(notedSaved)
}
