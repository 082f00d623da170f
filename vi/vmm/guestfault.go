package main

import "resvirt/vi/abi"

// Exceptions of guests that the VMM serves itself.

// Vectors that the VMM looks at before the guest's kernel does.
const (
	trapDB    = 1
	trapUD    = 6
	trapInt80 = 0x80
)

// served are the vectors that serveFault serves.
const served = 1<<trapPF | 1<<trapGP | 1<<trapUD

// serveFault executes the instruction that made a guest fault, if that is the
// VMM's duty. It returns false if the guest is to handle the exception.
func serveFault(v *VCPU, r *regs, vector uint32) bool {
	switch vector {
	case trapPF:
		return r.ErrorCode&(pfPresent|pfWrite) == pfPresent|pfWrite && v.kernelMode() &&
			v.domain.assist>>abi.VMAssistWritablePagetables&1 != 0 && tableWrite(v, r, this().cr2)
	case trapGP:
		return protectionFault(v, r)
	case trapUD:
		return forcedCPUID(v, r)
	}
	return false
}

// protectionFault serves #GP, which privileged instructions of the guest's
// kernel cause, and INT n, if the guest's own trap table allows it (AMD APM
// vol. 2, 8.4.1: bit 1 of the error code marks a vector).
func protectionFault(v *VCPU, r *regs) bool {
	const external, idt = 1, 2
	if r.ErrorCode&external != 0 {
		return false
	}
	if r.ErrorCode&idt != 0 {
		vector := r.ErrorCode >> 3 & 0xff
		t := &v.arch.traps[vector]
		if t.Address == 0 || uint32(t.Flags&abi.TrapDPLMask) < v.ring() {
			return false
		}
		v.hold(r)
		r.RIP += 2
		v.bounceTo(t, 0, 0)
		return true
	}
	return r.ErrorCode == 0 && privileged(v, r)
}

// ring is the privilege level that a guest believes to run at.
func (v *VCPU) ring() uint32 {
	if v.kernelMode() {
		return 0
	}
	return 3
}

// bounceTo makes the guest's kernel be entered as an entry of its trap table says.
func (v *VCPU) bounceTo(t *abi.TrapInfo, flags, code uint32) {
	flags |= bounceTrap
	if t.Flags&abi.TrapMaskEvents != 0 {
		flags |= bounceMask
	}
	v.arch.bounce = bounce{flags: flags, code: code, rip: t.Address}
}

// softInterrupt is INT 0x80, which has a gate that user mode may use.
func softInterrupt(r *regs) {
	v := current()
	t := &v.arch.traps[trapInt80]
	if t.Address != 0 && uint32(t.Flags&abi.TrapDPLMask) >= v.ring() {
		v.bounceTo(t, 0, 0)
		return
	}
	v.hold(r)
	r.RIP -= 2
	v.raise(trapGP, trapInt80<<3|2)
}

// syscall32 is SYSCALL of 32-bit code in the guest's user mode.
func syscall32(r *regs) {
	v := current()
	v.note(notedEntry)
	if v.kernelMode() || v.arch.syscall32 == 0 {
		v.hold(r)
		r.RIP -= syscallLen
		v.raise(trapUD, 0)
		return
	}
	flags := uint32(bounceSystem)
	if v.arch.maskSyscall32 {
		flags |= bounceMask
	}
	v.arch.bounce = bounce{flags: flags, rip: v.arch.syscall32}
}

// raise hands an exception to the guest's kernel.
func (v *VCPU) raise(vector uint8, code uint32) {
	t := &v.arch.traps[vector]
	if t.Address == 0 {
		v.domain.crash("exception without a handler, vector", uint64(vector))
		return
	}
	flags := uint32(0)
	if vector == trapGP {
		flags = bounceError
	}
	v.bounceTo(t, flags, code)
}
