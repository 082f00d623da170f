package main

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/bare"
)

// Start-up of the other processors by INIT and start-up IPI (AMD APM vol. 2,
// 16.5). The trampoline's code comes with the image; it runs at a page below
// 1 MiB whose number is the IPI's vector, and ends with three parameters.
const (
	trampolinePage = 8
	trampolineRoot = 0xfe0 // offsets in the page, known to the image builder
	trampolineGo   = 0xfe8
	trampolineSP   = 0xff0

	startTries  = 1000000 // looks at a CPU's state, with PAUSE between
	initPauseIt = 20000   // between INIT and start-up IPI
)

// released lets CPUs leave apMain for their idle loops.
var released uint32

// startCPUs starts the other CPUs one after the other. It assumes that their
// APIC ids are 1, 2, ...: it reads no firmware table.
func startCPUs() {
	n := uint32(bootOption("cpus", 2))
	assert(n >= 1 && n <= maxCPUs)
	m := &bare.Image
	page := dmap(trampolinePage << pageShift)
	*(*table)(page) = *(*table)(ptr(m.Trampoline))
	for id := uint32(1); id < n; id++ {
		c := initBlock(id, id)
		param := func(o uintptr, v uint64) { *(*uint64)(unsafe.Add(page, o)) = v }
		param(trampolineRoot, m.BootRoot)
		param(trampolineGo, entries.ap)
		param(trampolineSP, blockAddr(id)+stackTop)
		startCPU(c)
	}
}

// startCPU sends the IPIs and waits until the CPU has come up.
func startCPU(c *CPU) {
	atomic.StoreUint32(&c.state, cpuStarting)
	apicSend(c.APICID, icrAssert|icrINIT)
	for range initPauseIt {
		bare.Pause()
	}
	for try := 0; try < 2 && atomic.LoadUint32(&c.state) == cpuStarting; try++ {
		apicSend(c.APICID, icrAssert|icrSIPI|trampolinePage)
		for i := 0; i < startTries && atomic.LoadUint32(&c.state) == cpuStarting; i++ {
			bare.Pause()
		}
	}
	if atomic.LoadUint32(&c.state) != cpuUp {
		halt("a processor does not start")
	}
}

// apMain is another CPU's first Go code, on the boot page tables. Its block is
// laid out already.
func apMain() {
	bare.WriteCR3(rootTable)
	initCPU(this())
	coreInitCPU()
	bare.Sti() // the boot CPU may ask for a flush of translations
	for atomic.LoadUint32(&released) == 0 {
		bare.Pause()
	}
	startWatchdog()
	resetStackAndCall(idleLoop)
}

// releaseCPUs lets all other CPUs run.
func releaseCPUs() { atomic.StoreUint32(&released, 1) }
