package main

import (
	"resvirt/vi/abi"
	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// bootFree is the number of free frames before the first domain was built.
var bootFree uint64

// lastReason is why the last domain shut down; it is the exit code with guest=1.
var lastReason uint32

// debugExit is the port of QEMU's isa-debug-exit, which ends the run.
const debugExit = 0xf4

// controlCode is why the control domain shut down.
var controlCode uint32

// reapDomains runs on the boot CPU when a domain has shut down. When all
// domains have, or the control domain, which ends all others, it takes all
// memory back, checks that none is missing, and ends the machine.
func reapDomains() {
	if allEnded() && takeAllBack() {
		endOfRun()
	}
}

// allEnded says whether all domains have shut down, or the control domain. It takes
// the lock of the list, because meanwhile another CPU may free a domain.
func allEnded() bool {
	domains.lk.lock()
	d := domains.head
	for d != nil && d.shutdown && !d.privileged {
		d = d.next
	}
	ended := d == nil || d.shutdown
	if ended && d != nil {
		controlCode = d.shutdownCode
	}
	domains.lk.unlock()
	return ended
}

// takeAllBack ends all domains. It returns false to make way, and goes on when
// it is called again.
func takeAllBack() bool {
	for d := domainLeft(); d != nil; d = domainLeft() {
		lastReason = d.shutdownCode
		if d.stepAside() || !killDomain(d, true) {
			this().core.left++ // this is progress: the end comes, part by part
			raiseSoft(softReap)
			return false
		}
	}
	return true
}

// stepAside says whether this CPU runs the domain that is to end; then it makes
// the CPU run something else.
func (d *Domain) stepAside() bool {
	if current().domain != d {
		return false
	}
	setBits(&current().pause, pauseShutdown)
	raiseSoft(softSchedule)
	return true
}

// domainLeft is the first domain that still has to be taken back, nil if there
// is none.
func domainLeft() *Domain {
	domains.lk.lock()
	d := domains.head
	for d != nil && d.gone {
		d = d.next
	}
	domains.lk.unlock()
	return d
}

// endOfRun checks that nothing was lost and stops the machine.
func endOfRun() {
	holdOthers()
	code := checkAll()
	if heap.nfree != bootFree {
		logHex("frames lost", bootFree-heap.nfree)
		code |= 1
	}
	if controlCode != abi.ShutdownPoweroff {
		logHex("the control domain has failed, reason", uint64(controlCode))
		code |= 1
	}
	if code != seam.ExitRight {
		logHex("end-of-run checks failed", code)
	}
	if notBuilt != 0 || code>>8 != 0 { // the exit code has only a byte
		code |= 1
	}
	if params.guest != 0 && code == seam.ExitRight {
		code = uint64(lastReason)
	}
	logStr(seam.Done)
	bare.Out8(debugExit, byte(code))
	for {
		waitIRQ()
	}
}
