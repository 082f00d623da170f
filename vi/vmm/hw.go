package main

import "resvirt/vi/bare"

// What the core asks of the processor. In native tests testCPU is set and
// nothing of this touches the machine.

const flagIF = 1 << 9 // RFLAGS.IF

func irqOff() {
	if testCPU == nil {
		bare.Cli()
	}
}

func irqOn() {
	if testCPU == nil {
		bare.Sti()
	}
}

func irqSave() uint64 {
	if testCPU != nil {
		return 0
	}
	return bare.IRQSave()
}

func irqRestore(flags uint64) {
	if testCPU == nil {
		bare.IRQRestore(flags)
	}
}

func cpuRelax() {
	if testCPU == nil {
		bare.Pause()
	}
}

// irqsAreOn reads RFLAGS.IF.
func irqsAreOn() bool { return testCPU != nil || bare.Flags()&flagIF != 0 }

// waitIRQ enables interrupts and halts until one comes.
func waitIRQ() { bare.StiHlt() }

func readTSC() uint64 {
	if testCPU != nil {
		return testTSC
	}
	return bare.RDTSC()
}

// testTSC is the time stamp counter of native tests.
var testTSC uint64

func setAPICTimer(ticks uint32) {
	if testCPU == nil {
		apicSetTimer(ticks)
	}
}

func readCR3() uint64 {
	if testCPU != nil {
		return 0
	}
	return bare.ReadCR3()
}

// writeCR3 loads an address space, and so drops the translations of the last.
func writeCR3(v uint64) {
	if testCPU == nil {
		bare.WriteCR3(v)
	}
}

func invalidate(va uint64) {
	if testCPU == nil {
		bare.Invlpg(va)
	}
}

func readMSR(msr uint32) uint64     { return bare.RDMSR(msr) }
func writeMSR(msr uint32, v uint64) { bare.WRMSR(msr, v) }
func swapGS()                       { bare.Swapgs() }

// interruptInTest lets another CPU of a native test take an interrupt at once.
func interruptInTest(c *CPU, vector uint8) {
	me := testCPU
	testCPU = c
	switch vector {
	case vectorFlush:
		flushInterrupt()
	case vectorCall:
		callInterrupt()
	}
	testCPU = me
}
