package main

import "sync/atomic"

// The other half of the log of calls (progress.go): what a guest's registers
// were when guest and VMM last agreed about them.

// guestState is a vCPU at a moment when guest and VMM agreed about it: at an
// entry into the VMM, when a hypercall was complete, when the guest's kernel
// had been entered. Work since then is done again or was not the guest's. There
// are two of them in turn, so that one is whole at any time.
type guestState struct {
	regs   regs
	kernel bool  // the guest's kernel ran
	mask   uint8 // the guest's event mask
	call   bool  // it waits for a hypercall or system call that is not complete
}

// note records the state of a vCPU.
func (v *VCPU) note(r *regs, call bool) {
	if !callsLogged {
		return
	}
	a := &v.arch
	i := uint32(0)
	if a.noted == 1 {
		i = 1
	}
	s := &a.states[i]
	copyRegs(&s.regs, r)
	s.kernel, s.call, s.mask = v.kernelMode(), call, v.info.EvtchnUpcallMask
	atomic.StoreUint32(&a.noted, i+1)
}

// copyRegs copies registers, without a loop: note is executed so often that a
// wrong count there would be the end of many a run, with memory overwritten.
//
//go:noescape
func copyRegs(to, from *regs)

// left marks that the guest runs: the CPU has its state.
func (v *VCPU) left() {
	if callsLogged {
		atomic.StoreUint32(&v.arch.noted, 0)
	}
}
