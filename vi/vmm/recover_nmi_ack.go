package main

// Step nmi_ack. A CPU that entered recovery from an NMI handler, the watchdog's
// or a stop by NMI, has further NMIs blocked until it executes an IRET: a hang
// in recovery or after it would not be noticed, and the next recovery could not
// stop this CPU.
func nmiAck() {
	if begin(stepNMIAck) {
		unblockNMI()
	}
}

// unblockNMI returns by IRET, which lets NMIs in again.
func unblockNMI()
