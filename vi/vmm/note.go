package main

// The other half of the log of calls (progress.go) says where a guest's registers
// are, as they were when guest and VMM last agreed about them: at an entry into the
// VMM, when a hypercall was complete, or when the guest's kernel had been entered.
// Work since then is done again, or was not the guest's.
//
// Nothing is copied for it: the registers that the entry saved (guestRegs) stay as
// they are as long as they hold. Whoever wants to change them writes the new values
// elsewhere first, then notes that these hold, and then changes the saved ones. RAX
// alone receives a call's result before that is noted: what it held, the call's
// number, is in the log.
//
// Plain stores do: recovery reads what this CPU wrote before it stopped, in the
// order of the program, which the processor keeps for stores, and the compiler
// does, to which every store is a new state of all memory. An atomic store is
// an exchange, as dear as all the rest of a note.

// archVCPU.noted: where the registers are, and what else was agreed. 0 while
// the guest runs: the CPU has them.
const (
	notedEntry = 1 // where the entry saved them, guestRegs
	notedSaved = 2 // in archVCPU.regs
	notedKept  = 3 // in archVCPU.kept
	notedWhere = 3

	notedCall   = 1 << 2 // it waits for a hypercall or system call that is not complete
	notedKernel = 1 << 3 // the guest's kernel runs

	// Registers whose values are in archVCPU.next.
	nextFlow   = 1 << 4 // RIP CS RFLAGS RSP SS, and how to return
	nextReturn = 1 << 5 // RCX R11 RAX
	nextArgs   = 1 << 6 // RIP RAX RDI RSI RDX R10
	nextAll    = nextFlow | nextReturn | nextArgs

	notedMask  = 8 // the guest's event mask: 8 bits from here
	notedValid = 1<<16 - 1
)

// note records that the registers of v are where it says.
func (v *VCPU) note(where uint32) {
	if callsLogged {
		v.arch.noted = where | v.agreed()
	}
}

// agreed is what is noted beside registers.
func (v *VCPU) agreed() uint32 {
	return uint32(v.info.EvtchnUpcallMask)<<notedMask | (v.arch.flags&inKernelMode)*notedKernel
}

// hold keeps a copy of saved registers that are about to be changed one by one: the VMM executes an instruction in the guest's place.
func (v *VCPU) hold(r *regs) {
	if callsLogged {
		copyRegs(&v.arch.kept, r)
		v.note(notedKept)
	}
}

// noteSaved records that the registers have been copied, whatever they are.
func (v *VCPU) noteSaved() {
	if callsLogged {
		v.arch.noted = v.arch.noted&^notedWhere | notedSaved
	}
}

// noteNew is for a vCPU that is about to have a CPU: one that never ran has noted
// nothing yet, and what the entry saved is another's.
func (v *VCPU) noteNew() {
	if callsLogged && v.arch.noted == 0 && !v.isIdle() {
		v.note(notedSaved)
	}
}

// left marks that the guest runs: the CPU has its registers.
func (v *VCPU) left() {
	if callsLogged {
		v.arch.noted = 0
	}
}

// draft is where new values for saved registers are written.
func (v *VCPU) draft(r *regs) *regs {
	if callsLogged {
		return &v.arch.next
	}
	return r
}

// agree makes drafted values those of the saved registers.
func (v *VCPU) agree(r *regs, what uint32) {
	if callsLogged {
		w := notedEntry | v.agreed()
		v.arch.noted = w | what
		applyNext(r, &v.arch.next, what)
		assert(applied(r, &v.arch.next, what)) // what is wrong here nobody else would see
		v.arch.noted = w
	}
}

// applied says whether registers have been changed as applyNext does.
func applied(r, next *regs, what uint32) bool {
	if what&nextFlow != 0 && (r.RSP != next.RSP || r.RFLAGS != next.RFLAGS || r.CS != next.CS) {
		return false
	}
	if what&nextReturn != 0 && (r.RCX != next.RCX || r.R11 != next.R11 || r.RAX != next.RAX) {
		return false
	}
	if what&nextArgs != 0 && (r.RDI != next.RDI || r.RSI != next.RSI || r.RDX != next.RDX || r.R10 != next.R10) {
		return false
	}
	return what&(nextFlow|nextArgs) == 0 || r.RIP == next.RIP
}

// applyNext changes registers.
func applyNext(r, next *regs, what uint32) {
	if what&nextFlow != 0 {
		r.RIP, r.CS, r.RFLAGS, r.RSP, r.SS = next.RIP, next.CS, next.RFLAGS, next.RSP, next.SS
		r.EntryVector = next.EntryVector
	}
	if what&nextReturn != 0 {
		r.RCX, r.R11, r.RAX = next.RCX, next.R11, next.RAX
	}
	if what&nextArgs != 0 {
		r.RIP, r.RAX = next.RIP, next.RAX
		r.RDI, r.RSI, r.RDX, r.R10 = next.RDI, next.RSI, next.RDX, next.R10
	}
}

// complete ends a hypercall, whose result changes RAX and what was drafted.
func (v *VCPU) complete(r *regs, result uint64) {
	if what := v.arch.drafted; callsLogged && what != 0 {
		v.arch.drafted = 0
		v.arch.next.RAX = result
		v.agree(r, what)
		return
	}
	r.RAX = result
	v.note(notedEntry)
}

// copyRegs copies registers, without a loop: a wrong count would be the end of
// many a run, with memory overwritten.
//
//go:noescape
func copyRegs(to, from *regs)
