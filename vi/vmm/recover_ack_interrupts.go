package main

// Step ack_interrupts. The local APIC remembers which interrupts are in service
// and holds back all of the same and lower priority until each has been
// acknowledged. A discarded handler never acknowledges its interrupt, and the
// CPU would get no timer interrupt any more.

// ackInterrupts acknowledges all interrupts in service on the calling CPU.
// Interrupts that are still pending come when interrupts are on again, and find
// nothing to do.
func ackInterrupts() {
	if !begin(stepAckInterrupts) {
		return
	}
	this().core.eoi.depth = 0
	for i := range irqs {
		irqs[i].inFlight = 0
	}
	endInService()
}

// endInService acknowledges whatever the local APIC has in service.
func endInService() {
	for i := uint64(0); i < 256; i += 32 {
		// A register of 32 vectors every 16 bytes (AMD APM vol. 2, 16.6).
		for n := 0; n < 32 && apicRead(apicISR+i/2) != 0; n++ {
			apicEndOfInterrupt()
		}
	}
}
