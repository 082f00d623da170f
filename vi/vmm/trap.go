package main

import (
	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// Exception vectors the VMM treats in its own way (AMD APM vol. 2, 8.2).
const (
	vecNMI = 2
	vecBP  = 3
	vecDF  = 8
	vecGP  = 13
	vecPF  = 14
	vecMC  = 18
)

// trapFromGuest serves everything but NMI, #DF, #MC and SYSCALL that came
// while a guest ran. Interrupts are off; assembly goes on with returnToGuest.
func trapFromGuest(r *regs) {
	current().note(notedEntry)
	if r.EntryVector >= firstVector {
		if r.EntryVector == trapInt80 {
			irqOn()
			softInterrupt(r)
			return
		}
		handleIRQ(r)
		return
	}
	switch r.EntryVector {
	case vecPF:
		this().cr2 = bare.ReadCR2()
	case trapDB:
		current().takeDebugStatus()
	}
	irqOn()
	handleTrap(r)
}

// trapFromVMM serves exceptions and interrupts that came while the VMM ran, and
// every NMI, #DF and #MC. Interrupts are off. When it returns, the CPU goes on
// at r.RIP.
func trapFromVMM(r *regs) {
	switch v := r.EntryVector; {
	case v == vecNMI:
		handleNMI(r)
	case v >= firstVector:
		handleIRQ(r)
	case v == trapDB && debugInVMM(r):
	case v == vecDF || v == vecMC || !fixup(r):
		fatalTrap(r)
	}
}

// fixup deals with a fault that the VMM expects at the instruction at r.RIP.
func fixup(r *regs) bool {
	v := r.EntryVector
	switch {
	case loadFaults>>v&1 != 0 && mayFault(r.RIP):
		r.RIP = entries.loadFault
		return true
	case r.RIP == entries.guestIRET:
		// The guest cannot return to the registers that it asked for. They are
		// loaded already, and nothing of the VMM is under way.
		resetStackAndCall(badReturn)
	}
	return false
}

// badReturn is where the VMM goes on after a fault of guestIRET.
func badReturn() {
	current().note(notedEntry)
	irqOn()
	badGuestReturn(guestRegs())
	returnToGuest()
}

// errorInterrupt serves the APIC's error vector; it only clears the error.
func errorInterrupt() { apicWrite(apicESR, 0) }

// guestSegmentSelectors are Xen's flat selectors (xen/arch-x86/xen-x86_64.h).
const (
	selHVCode  = 0xe008
	selHVData  = 0xe010
	selHVCode2 = 0xe080 // the same, for what comes with a stack of its own
	selRing3CS = abi.FlatRing3CS64
	selRing3SS = abi.FlatRing3SS64
	selTSS     = 0xe040
)
