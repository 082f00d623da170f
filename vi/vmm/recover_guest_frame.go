package main

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// capture copies what an exception interrupted, and the FPU's state, which
// entry code has put below, before the stack that both lie on is given up.
func capture(c *CPU, r *regs) {
	if c.trapped {
		return // the first one tells
	}
	at := c.below(r, &c.trap)
	c.trapFPU = *(*[512]byte)(ptr((addrOf(unsafe.Pointer(at)) - nestedFPU) &^ 15))
	c.trapped = true
}

// below finds what an NMI interrupted, if it was the NMI's handler that failed with
// the registers r, and else takes r; and what #DB interrupted, if that was in its
// code. It returns the frame below which the FPU was saved: #DB of a guest leaves
// the FPU the guest's until the guest's registers have gone to their place.
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

// interrupted finds what was interrupted by an exception that has a stack of its own,
// which ends at top, if that exception's code failed with the registers r, and replaces
// them. What was interrupted is there: on that stack and, as far as the entry or the
// way back had not come, still in the registers. It returns the exception's frame if it
// was complete.
func (c *CPU) interrupted(top uint64, r *regs) *regs {
	top += addrOf(unsafe.Pointer(c))
	own := top - uint64(unsafe.Offsetof(regs{}.ES))
	frame := (*regs)(ptr(own))
	switch {
	case r.RSP >= (top-1)&^pageMask && r.RSP <= own:
		*r = *frame
		return frame
	case r.RSP > own && r.RSP <= own+uint64(regsRIP):
		s := guestState{regs: *frame}
		s.partial(r, frame, r.RSP-own)
		*r = s.regs
	}
	return nil
}

// guestState is a vCPU's registers as recovery puts them together.
type guestState struct {
	regs regs
	call bool // it waits for a call that is not complete
}

// keepGuest makes sure that the registers of the vCPU that a CPU runs are noted.
func keepGuest(c *CPU) {
	saveFSGS(c)
	v := c.core.curr
	if v == nil || !vcpuOK(v) || v.arch.noted != 0 {
		return
	}
	frame := guestRegsOf(c)
	s := guestState{regs: *frame, call: frame.EntryVector == trapSyscallNew}
	if c.trapped && c.trap.CS&3 != 0 {
		s.regs, s.call = c.trap, false // an NMI while the guest ran
		v.arch.fpu = c.trapFPU
	} else if c.trapped && begin(stepGuestFrame) && s.guestFrame(c, frame) {
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
// registers are partly in the CPU and partly on the stack. A failure in between
// leaves a frame whose upper words are written and whose lower ones are of an
// earlier entry; the missing ones are in the registers at the failure. How far
// it got tells the stack pointer. The FPU is the guest's in these places, too.

// guestFrame takes what is missing in a frame from the registers at the failure.
// It returns false if the frame was complete.
func (s *guestState) guestFrame(c *CPU, frame *regs) bool {
	r := &c.trap
	base := addrOf(unsafe.Pointer(frame))
	sp := r.RSP
	if isHypervisorAddr(sp) {
		// Ours, or neither ours nor a guest's: then the place in the block is
		// the best that is known of it.
		sp = addrOf(unsafe.Pointer(c)) | sp&(cpuBlockSize-1)
	}
	switch {
	case sp >= base && sp <= base+uint64(regsES):
		s.partial(r, frame, sp-base)
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
			s.regs.RDI = frame.RDI
		}
		s.call = s.regs.RAX != frame.RAX || s.regs.RIP != frame.RIP || s.regs.RSP != frame.RSP || s.regs.RDI != frame.RDI
	}
	return true
}

// inGo says whether code of the VMM was executing that runs with the frame
// complete, whatever the stack pointer says.
func inGo(rip uint64) bool {
	m := &bare.Image
	return rip-m.VirtBase < m.DataEnd-m.VirtBase && rip-entries.vectors > entries.guestIRET-entries.vectors
}

// partial fills the general registers below offset at, to which the stack
// pointer had come.
func (s *guestState) partial(r, frame *regs, at uint64) {
	from, to := (*[15]uint64)(unsafe.Pointer(r)), (*[15]uint64)(unsafe.Pointer(&s.regs))
	for k := range to {
		if uint64(k)*8 < at {
			to[k] = from[k]
		}
	}
	// RDI: exception stubs have called, so that its place first holds a return
	// address, and then RDI does; the way back has the frame's address in it.
	stub := func(v uint64) bool { return v-entries.vectors <= 256*8 }
	if stub(r.RDI) || r.RDI == addrOf(unsafe.Pointer(frame)) {
		s.regs.RDI = frame.RDI
	} else if at <= uint64(regsRDI) && stub(frame.RDI) {
		s.regs.RDI = r.RDI
	}
	// An interrupt right after SYSRET finds RCX and R11 as SYSCALL leaves them:
	// only the mark tells the two apart.
	s.call = *csWord(frame)&syscallMark != 0
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

// restoreGuest makes the noted registers of a vCPU that had a CPU its own.
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
