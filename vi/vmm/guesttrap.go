package main

import (
	"resvirt/vi/abi"
)

// Exception vectors that the core knows by name (AMD APM vol. 2, 8.2).
const (
	trapNMI = 2
	trapNM  = 7
	trapDF  = 8
	trapTS  = 10
	trapNP  = 11
	trapSS  = 12
	trapGP  = 13
	trapPF  = 14
	trapAC  = 17
)

// Bits of a page fault's error code.
const pfUser = 1 << 2

// handleTrap hands an exception of ring 3 to the guest's kernel, as its trap
// table says. The guest finds the address of a page fault in its vcpu_info, not
// in CR2.
func handleTrap(r *regs) {
	v := current()
	count(statTraps)
	vector := r.EntryVector & 0xff
	assert(vector < 32)
	if served>>vector&1 != 0 && (vector != trapPF || v.domain.assist != 0) && serveFault(v, r, vector) {
		return
	}
	b := &v.arch.bounce
	t := &v.arch.traps[vector]
	b.code, b.rip = r.ErrorCode, t.Address
	flags := uint32(bounceTrap)
	switch vector {
	case trapPF:
		addr := this().cr2
		v.info.Arch.CR2 = addr
		v.arch.cr2 = addr
		b.code &^= pfUser
		if !v.kernelMode() {
			b.code |= pfUser
		}
		flags |= bounceError
	case trapNM:
		// Loading the FPU is the guest's answer; the bit is ours to clear.
		v.arch.fpuTS = 0
		this().guestTS = false
	case trapDF, trapTS, trapNP, trapSS, trapGP, trapAC:
		flags |= bounceError
	}
	if t.Flags&abi.TrapMaskEvents != 0 {
		flags |= bounceMask
	}
	if b.rip == 0 {
		printDomain(v.domain, "exception without a handler, rip", r.RIP)
		v.dump(r)
		v.domain.crash("vector", uint64(vector))
		return
	}
	b.flags = flags
}

// bounceSyscall hands a system call of the guest's user mode to its kernel.
func (v *VCPU) bounceSyscall() {
	b := &v.arch.bounce
	b.rip = v.arch.syscall
	b.flags = bounceSystem
	if v.arch.flags&abi.VGCFSyscallDisableEvents != 0 {
		b.flags |= bounceMask
	}
}

// badGuestReturn is entered when the registers that a guest asked for cannot be
// loaded. It enters the guest's failsafe callback, or ends the guest if it has
// none.
func badGuestReturn(r *regs) {
	v := current()
	if v.arch.failsafe == 0 {
		v.domain.crash("bad return state, rip", r.RIP)
		return
	}
	b := &v.arch.bounce
	b.rip, b.flags = v.arch.failsafe, bounceSafe
	if v.arch.flags&abi.VGCFFailsafeDisableEvents != 0 {
		b.flags |= bounceMask
	}
}
