package main

import (
	"unsafe"

	"resvirt/vi/bare"
)

// What the VMM's core asks of the processor. In unit tests, which run on the
// host (native), none of these functions touches the hardware.

const flagIF = 1 << 9 // RFLAGS.IF

func irqOff() {
	if !native {
		bare.Cli()
	}
}

func irqOn() {
	if !native {
		bare.Sti()
	}
}

func irqSave() uint64 {
	if native {
		return 0
	}
	return bare.IRQSave()
}

func irqRestore(flags uint64) {
	if !native {
		bare.IRQRestore(flags)
	}
}

func forgetFPU() {
	if !native {
		bare.ForgetFPU()
	}
}

func cpuRelax() {
	if native {
		if testRelax != nil {
			testRelax()
		}
		return
	}
	bare.Pause()
}

// testRelax, in native tests, is what the other CPUs do while one CPU waits for
// them.
var testRelax func()

// irqsAreOn reads RFLAGS.IF.
func irqsAreOn() bool { return native || bare.Flags()&flagIF != 0 }

// waitIRQ enables interrupts and halts until one comes.
func waitIRQ() { bare.StiHlt() }

func readTSC() uint64 {
	if native {
		return testTSC
	}
	return bare.RDTSC()
}

// testTSC is the time stamp counter of native tests.
var testTSC uint64

func setAPICTimer(ticks uint32) {
	if !native {
		apicSetTimer(ticks)
	}
}

// writeCR3 loads an address space, and so drops the translations of the
// previous one.
func writeCR3(v uint64) {
	if native {
		testCR3[testCPU.ID&(maxCPUs-1)] = v
		if testFlushed != nil {
			testFlushed(testCPU)
		}
		return
	}
	bare.WriteCR3(v)
}

// testCR3 is the content of CR3 of each CPU in native tests.
var testCR3 [maxCPUs]uint64

// testFlushed, in native tests, is called when a CPU drops all translations.
var testFlushed func(c *CPU)

func invalidate(va uint64) {
	if !native {
		bare.Invlpg(va)
	}
}

func readMSR(msr uint32) uint64 {
	if native {
		return 0
	}
	return bare.RDMSR(msr)
}

func writeMSR(msr uint32, v uint64) {
	if !native {
		bare.WRMSR(msr, v)
	}
}

// dataSegments is what DS, ES, FS and GS hold: the guest's selectors.
func dataSegments() (ds, es, fs, gs uint16) {
	if native {
		return 0, 0, 0, 0
	}
	return bare.Segments()
}

func swapGS() {
	if !native {
		bare.Swapgs()
	}
}

// guestInTest copies between the VMM and the guest of a native test, through
// the page tables that CR3 names. It returns how many bytes were left at
// a page that is not there.
func guestInTest(va uint64, p unsafe.Pointer, n uint64, write bool) uint64 {
	for n > 0 {
		l1 := walkToL1(mfn(testCR3[testCPU.ID&(maxCPUs-1)]>>pageShift), va)
		if l1 == 0 {
			return n
		}
		e := tableAt(l1)[va>>12&511]
		if e&pteP == 0 || write && e&pteW == 0 {
			return n
		}
		k := min(n, pageSize-va&pageMask)
		if isIOFrame(pteFrame(e)) { // registers of a device that ignores all
			if !write {
				clear(unsafe.Slice((*byte)(p), k))
			}
			va, p, n = va+k, unsafe.Add(p, k), n-k
			continue
		}
		at := unsafe.Slice((*byte)(unsafe.Add(frameAddr(pteFrame(e)), va&pageMask)), k)
		mine := unsafe.Slice((*byte)(p), k)
		if write {
			copy(at, mine)
		} else {
			copy(mine, at)
		}
		va, p, n = va+k, unsafe.Add(p, k), n-k
	}
	return 0
}

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
