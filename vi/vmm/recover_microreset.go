package main

import "resvirt/vi/bare"

// Step microreset. The failed instance goes on: all that it was executing, on
// all CPUs, is discarded by resetting the stack pointers, and its data is
// repaired in place. Nothing is initialized again, so that it takes a fraction
// of the time of a microreboot; but everything that is wrong and not repaired
// stays wrong.

// microreset continues the failed instance, on the CPU that recovers.
func microreset() {
	recoverOn(microresetCPU())
}

// microresetCPU puts the calling CPU in order. Its stack has been reset already.
func microresetCPU() *CPU {
	c := this()
	clearBits(&persist().parked, 1<<c.number())
	bare.WriteCR3(rootTable)
	c.trapped = false
	c.loaded = nil // saved by now: renewCPU changes selectors, and another failure may come before the guest's are loaded
	renewCPU(c)
	clearIRQCount(c)
	startWatchdog()
	ackInterrupts()
	nmiAck()
	return c
}

// resetting says whether the recovery under way is a microreset.
func resetting() bool { return persist().mode == modeReset }
