package main

import "resvirt/vi/bare"

// bootFree is the number of free frames before the first domain was built.
var bootFree uint64

const debugExit = 0xf4

// reapDomains runs on the boot CPU when a domain has shut down. When all have,
// everything is taken back and must be there, and the machine ends.
func reapDomains() {
	for d := domains.head; d != nil; d = d.next {
		if !d.shutdown {
			return
		}
	}
	for domains.head != nil {
		if !killDomain(domains.head, true) {
			raiseSoft(softReap)
			return
		}
	}
	endOfRun()
}

// endOfRun checks that nothing was lost and stops the machine.
func endOfRun() {
	holdOthers()
	code := checkAll()
	if heap.nfree != bootFree {
		logHex("frames lost", bootFree-heap.nfree)
		code |= 1
	}
	if code != 0 {
		logHex("end-of-run checks failed", code)
	}
	logStr("done")
	bare.Out8(debugExit, byte(code))
	for {
		waitIRQ()
	}
}
