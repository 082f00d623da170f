package main

// This is the other half of the log of calls (progress.go). It says where a vCPU's
// registers are, with the values that they had at the last agreed moment: at an
// entry into the VMM, when a hypercall was complete, or when the guest's kernel had
// been entered. After a recovery the vCPU goes on from there. What the VMM has done
// for the guest since then is done again.
//
// Registers are not copied for this: those that the entry saved (guestRegs) are not
// changed while they are the agreed ones. To change them, new values are first
// written elsewhere (next), then it is noted that these are the agreed ones, and
// then the saved ones are changed. The one exception is RAX, which receives a
// call's result before that is noted: its old value, the call's number, is in the
// log.
//
// Plain stores are enough: recovery reads what this CPU wrote before it
// stopped. The stores must become visible in program order, and they do: the
// processor keeps the order of stores, and the compiler does not reorder them,
// because in its intermediate form each store depends on the memory state
// before it. An atomic store is an XCHG, which costs as much as the rest of a
// note.

// archVCPU.noted: where the agreed registers are, and what else was agreed. 0
// while the guest runs: then they are in the CPU.
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

// note records where the agreed registers of v are.
func (v *VCPU) note(where uint32) {
	if callsLogged {
		v.arch.noted = where | v.agreed()
	}
}

// agreed is what is noted besides the place of the registers.
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

// noteSaved records that the registers have been copied to archVCPU.regs, and
// are those now.
func (v *VCPU) noteSaved() {
	if callsLogged {
		v.arch.noted = v.arch.noted&^notedWhere | notedSaved
	}
}

// noteNew is for a vCPU that is about to have a CPU: one that never ran has noted
// nothing yet, and the registers that the entry saved belong to another vCPU.
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

// agree makes the drafted values the agreed ones, and puts them into the saved
// registers.
func (v *VCPU) agree(r *regs, what uint32) {
	if callsLogged {
		w := notedEntry | v.agreed()
		v.arch.noted = w | what
		applyNext(r, &v.arch.next, what)
		assert(applied(r, &v.arch.next, what)) // nothing else would detect an error here
		v.arch.noted = w
	}
}

// applied says whether registers have the values that applyNext gives them.
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

// applyNext gives registers their values in next; what, bits nextX, says which
// ones.
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

// copyRegs copies registers. It has no loop, because after a fault a wrong loop
// count would overwrite memory.
//
//go:noescape
func copyRegs(to, from *regs)
