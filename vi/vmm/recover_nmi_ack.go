package main

// Step nmi_ack. A CPU that entered recovery from an NMI handler, the watchdog's
// or a stop by NMI, has further NMIs blocked until it executes an IRET: the
// watchdog could not notice a hang in recovery or after it, and the next
// recovery could not stop this CPU.
func nmiAck() {
	if begin(stepNMIAck) {
		unblockNMI()
	}
}

// unblockNMI returns by IRET, which lets NMIs in again.
func unblockNMI()
