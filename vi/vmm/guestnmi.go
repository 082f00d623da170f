package main

import "resvirt/vi/abi"

// archVCPU.nmi: an NMI that was sent to a vCPU waits until the vCPU next goes
// back to its guest, and until the guest has returned from its previous NMI by
// iret.
const (
	nmiPending = 1 << 0
	nmiBlocked = 1 << 1
)

// sendNMI is VCPUOP_send_nmi.
func (v *VCPU) sendNMI() {
	setBits(&v.arch.nmi, nmiPending)
	v.unblock()
	v.kick()
}

// enterNMI enters the guest's handler. v is current, interrupts are on.
func (v *VCPU) enterNMI(r *regs) {
	clearBits(&v.arch.nmi, nmiPending)
	t := &v.arch.traps[trapNMI]
	if t.Address == 0 {
		return
	}
	setBits(&v.arch.nmi, nmiBlocked)
	b := bounce{flags: bounceTrap, rip: t.Address}
	if t.Flags&abi.TrapMaskEvents != 0 {
		b.flags |= bounceMask
	}
	v.enterGuestKernel(r, &b)
}
