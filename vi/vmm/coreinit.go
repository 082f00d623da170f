package main

import (
	"sync/atomic"

	"resvirt/vi/abi"
	"resvirt/vi/seam"
)

// coreInit makes the structures that outlive everything else: frame table,
// machine-to-physical table, heap. It runs once, on the boot CPU, and not in a
// microreboot, which finds them again through roots.
func coreInit() {
	params.load()
	coreTables()
	initFrames(bootInfo.ramEnd >> pageShift)
	takeIOMMU()
	initHeap()
	readWallclock()
	ioapicInit()
	startIOMMU()
	findFunctions()
}

// coreTables fills in the static data that depends on the command line, and
// what the linker cannot lay down.
func coreTables() {
	setClock(params.tscHz, params.apicHz)
	hypercalls[abi.HypercallMulticall] = hyperMulticall
	hypercalls[abi.HypercallSelfCheck] = hyperSelfCheck
}

// initFrames allocates and maps the frame table and the machine-to-physical
// table. Every frame starts as the hypervisor's own.
func initFrames(n uint64) {
	frames.n = n
	for o := uint64(0); o < n*32; o += pageSize {
		mapRange(frameTableBase+o, earlyAlloc(), pageSize, mapRW)
	}
	// The table is one range in RAM, written through the direct map, and
	// seen by guests through a read-only mapping.
	m2pPhys = earlyAlloc()
	for o := uint64(pageSize); o < n*8; o += pageSize {
		pa := earlyAlloc()
		assert(pa == m2pPhys+o)
	}
	mapM2P(n * 8)
	for m := mfn(0); uint64(m) < n; m++ {
		pageOf(m).count = pgHeap | pgAllocated | 1
		setM2P(m, ^uint64(0))
	}
}

// mapM2P maps the machine-to-physical table for guests. The tables above it
// have to let user mode through as well.
func mapM2P(n uint64) {
	for o := uint64(0); o < n; o += pageSize {
		for level := uint(4); level > 1; level-- {
			*entryFor(m2pBase+o, level) |= pteU
		}
		*entryFor(m2pBase+o, 1) = m2pPhys + o | mapR&^pteG | pteU
	}
}

// initHeap gives the RAM that boot code has left to the page allocator.
func initHeap() {
	bootInfo.heapStart = bootInfo.freeStart
	m := mfn(bootInfo.freeStart >> pageShift)
	end := mfn(bootInfo.ramEnd >> pageShift)
	bootInfo.freeStart = bootInfo.ramEnd
	for m < end {
		order := uint(maxOrder)
		for m&(1<<order-1) != 0 || m+1<<order > end {
			order--
		}
		for i := mfn(0); i < 1<<order; i++ {
			pageOf(m + i).count = 0
		}
		freeFrames(m, order)
		m += 1 << order
	}
}

// coreInitCPU makes the core's part of the calling CPU's block. Interrupts are off.
func coreInitCPU() {
	c := this()
	k := &c.core
	k.online = 1
	setBits(&onlineMask, 1<<c.ID)
	v := allocVCPU(nil, c.ID, c.ID)
	assert(v != nil)
	v.isRunning = 1
	k.idle, k.curr, k.sched.curr = v, v, v
	k.clock.tsc, k.clock.stime = readTSC(), 0
	if c.ID != 0 {
		// Counters run alike on all CPUs: adopt the boot CPU's calibration.
		boot := &cpuByID(0).core.clock
		k.clock.tsc, k.clock.stime = boot.tsc, boot.stime
	}
	startTimers(c)
	atomic.StoreUint32(&c.state, cpuUp) // the boot CPU goes on
}

// startTimers sets the recurring timers of a CPU. A microreboot does it again.
func startTimers(c *CPU) {
	k := &c.core
	t := now()
	k.sched.slice.init(sliceEnd, nil, c.ID)
	k.sched.tick.init(schedTick, nil, c.ID)
	k.sched.tick.set(t + params.tickNS)
	k.watchdogTimer.init(watchdogTick, nil, c.ID)
	if watched() {
		k.watchdogTimer.set(t + params.watchdogNS)
	}
	if c.ID == 0 && params.guest != 0 {
		k.consoleTimer.init(consoleTick, nil, c.ID)
		k.consoleTimer.set(t + ringPoll)
	}
	if c.ID == 0 {
		k.clock.timer.init(calibrationTick, nil, c.ID)
		k.clock.timer.set(t + params.calibNS)
	}
}

// watchdogTick shows the watchdog's NMI that soft interrupts make progress.
func watchdogTick(t *timer) {
	this().core.watchdogTicks++
	t.set(now() + params.watchdogNS)
}

// notBuilt counts the domains that could not be built.
var notBuilt uint32

// startDomain builds a domain and brings its first vCPU up.
func startDomain(id uint16, cpu uint32) {
	d, why := buildDomain(id, cpu)
	if d == nil {
		notBuilt++
		flags := lockConsole()
		serialString(seam.VMM)
		serialString(seam.NotBuilt)
		serialString(why)
		serialPut('\n')
		unlockConsole(flags)
		return
	}
	d.vcpu[0].pause &^= pauseDown
}

// coreStart builds the domains. It runs on the boot CPU with all CPUs up.
func coreStart() {
	irqOn()
	bootFree = heap.nfree
	logHex("frames free", heap.nfree)
	cpus := nrCPUs()
	if params.domCPUs != 0 {
		cpus = min(cpus, uint32(params.domCPUs))
	}
	if bootInfo.nmods < 2 {
		logStr("no guest kernel: nothing to run")
	} else if params.control != 0 {
		startDomain(0, 0)
	} else {
		for i := uint32(0); i < uint32(params.domains); i++ {
			startDomain(uint16(1+i), i%cpus)
		}
	}
	if params.functions != 0 {
		if d := findDomain(uint16(params.functions)); d != nil {
			d.takeFunctions()
			d.put()
		}
	}
	if domains.head == nil {
		endOfRun()
	}
	commit()
	for d := domains.head; d != nil; d = d.next {
		d.vcpu[0].wake()
	}
	irqOff()
}
