package main

import (
	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// The ways into recovery are all in this file, but for one in assembly, and a test
// keeps it so (recover_ways_in_test.go). On the CPU that detects a failure:
//
//	assertFailed   what must be so is not (assert)
//	disbelieved    what a guest is to be refused is its right (disbelieve)
//	fatalTrap      an exception that the VMM does not expect (trapFromVMM)
//	hang           the watchdog sees no progress (handleNMI)
//	failed         a check that the compiler put in, of an index or a pointer, has
//	               failed: recover_amd64.s. The image's builder replaces the Go
//	               runtime's functions for such failures by it
//
// and on the other CPUs, which it stops (step nmi_ipi):
//
//	stoppedByNMI   by an NMI (handleNMI)
//	stopInterrupt  by an interrupt, where the policy has no NMIs (handleIRQ)
//
// The ways of the first group lead through detectPanic or detectHang to recoverVMM,
// those of the second to park.

//go:noinline
func assertFailed() {
	if native {
		panic("assertion failed")
	}
	panicOn(seam.KindAssert, callerPC())
}

// disbelieved is entered for a refusal that the VMM's data does not justify.
//
//go:noinline
func disbelieved(step uint) {
	if !allowed(step) {
		return
	}
	if native {
		panic("assertion failed")
	}
	panicOn(seam.KindAssert, callerPC())
}

// fatalTrap is entered for exceptions that the VMM does not expect.
func fatalTrap(r *regs) {
	capture(fixSP(), r)
	persist().failure.code = uint64(r.ErrorCode)
	panicOn(uint64(r.EntryVector&0xff), r.RIP)
}

// hang declares this CPU hung.
func hang(c *CPU, r *regs) {
	capture(c, r)
	hangOn(vecNMI, r.RIP)
}

// stoppedByNMI serves an NMI on a CPU that has been told to stop; r is what the
// NMI interrupted.
func stoppedByNMI(c *CPU, r *regs) {
	capture(c, r)
	park(c)
}

// stopInterrupt serves vectorStop.
func stopInterrupt() {
	if c := this(); told(c) {
		park(c)
	}
}

// panicOn and hangOn call detectPanic and detectHang on a fresh stack, and never
// return (recover_amd64.s).
func panicOn(kind, pc uint64)
func hangOn(kind, pc uint64)

// Every detected failure of the VMM, except hangs, passes through detectPanic.
//
//go:noinline
func detectPanic(kind, pc uint64) {
	noteFailure(kind, pc)
	recoverVMM()
}

// Every detected hang passes through detectHang.
//
//go:noinline
func detectHang(kind, pc uint64) {
	noteFailure(kind, pc)
	recoverVMM()
}

func noteFailure(kind, pc uint64) {
	f := &persist().failure
	f.count++
	f.cpu, f.kind, f.pc, f.addr = uint64(this().number()), kind, pc, bare.ReadCR2()
}
