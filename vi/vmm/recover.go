package main

import (
	"sync/atomic"

	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// Recovery by microreboot, as ReHype does it: a new instance of the VMM boots
// in the place of the failed one, from the pristine copy that the loader left,
// and takes over the domains, whose state lies in heap pages. The step
// microreboot is all that a new instance cannot do without; every other step
// repairs one kind of inconsistency and has a file of its own.

const (
	// maxAttempts bounds failures while recovering.
	maxAttempts = 3
	// stopCycles is how long to wait for other CPUs, in cycles.
	stopCycles = 1000000
)

// recoverVMM runs on the CPU that detected a failure, on a fresh stack, still
// with the code and the static data of the failed instance.
func recoverVMM() {
	p := persist()
	if !begin(stepMicroreboot) {
		giveUp()
	}
	c := this()
	me := c.number() + 1
	if !atomic.CompareAndSwapUint32(&p.owner, 0, me) && p.owner != me {
		park(c) // another CPU recovers; this thread goes like any other
	}
	p.attempts++
	p.periods = 0
	if p.attempts > maxAttempts {
		giveUp()
	}
	if p.saved == 0 {
		saveRoots(&p.kept)
		p.saved = 1
	}
	keepCPU(c)
	stopOthers(c, p.kept.cpus)
	p.up, p.resumed = 0, 0
	m := &bare.Image
	entryAddrs(&entries) // may be gone in a second attempt
	copyPristine(entries.copyImage-m.VirtBase+pristineBase, directMapBase+m.PhysBase, pristineBase,
		m.DataEnd-m.VirtBase, m.BSSEnd-m.VirtBase)
}

// keepCPU takes what recovery needs out of a CPU's block, once for a failure.
func keepCPU(c *CPU) {
	k := &persist().cpus[c.number()]
	if k.valid {
		return
	}
	k.valid = true
	k.curr, k.idle, k.running = c.core.curr, c.core.idle, c.core.timers.running
	k.tsc, k.stime = c.core.clock.tsc, c.core.clock.stime
	keepGuest(c)
}

// park waits for the new instance. What this CPU was doing is lost.
func park(c *CPU) {
	p := persist()
	keepCPU(c)
	clearBits(&p.stop, 1<<c.number())
	waitRelease(&p.parked, 1<<c.number(), &p.release)
}

// rebootMain is the first Go code of the new instance, on the CPU that recovers.
func rebootMain() {
	p := persist()
	bare.WriteCR3(p.kept.idleRoot)
	entryAddrs(&entries)
	restoreRoots(&p.kept)
	coreTables()
	c := rebootCPU()
	p.up = 1 << c.ID
	atomic.AddUint64(&p.release, 1)
	waitMask(&p.up, 1<<p.kept.cpus-1)
	reintegrate()
	post(postRecovered)
	f := &p.failure
	p.cpus = [maxCPUs]keptCPU{}
	p.stop, p.parked, p.saved, p.attempts = 0, 0, 0, 0
	atomic.StoreUint32(&p.owner, 0)
	atomic.StoreUint32(&p.resumed, 1)
	logHex("recovered from a failure at", f.pc)
	raiseSoftOn(0, softReap)
	resumeCPU(c)
}

// rebootAP is the same on the others.
func rebootAP() {
	p := persist()
	bare.WriteCR3(p.kept.idleRoot)
	c := rebootCPU()
	setBits(&p.up, 1<<c.ID)
	for atomic.LoadUint32(&p.resumed) == 0 {
		bare.Pause()
	}
	resumeCPU(c)
}

// rebootCPU makes a new block for the calling CPU, but for its stacks, and
// brings the CPU under the new instance's rules.
func rebootCPU() *CPU {
	c := this()
	id := c.number()
	clearBits(&persist().parked, 1<<id)
	c.ID, c.APICID = id, id
	initTables(c)
	// What the processor reads stays: the watchdog's NMI may come at any time.
	*c = CPU{g: c.g, ID: id, APICID: id, gdt: c.gdt, idt: c.idt, tss: c.tss}
	initBlock(id, id)
	initCPU(c)
	startWatchdog()
	ackInterrupts()
	ackNMI()
	coreRebootCPU(c)
	return c
}

// coreRebootCPU is coreInitCPU with what the failed instance had.
func coreRebootCPU(c *CPU) {
	k, kept := &c.core, &persist().cpus[c.ID]
	k.online = 1
	setBits(&onlineMask, 1<<c.ID)
	k.idle, k.curr = kept.idle, kept.curr
	if !vcpuOK(k.curr) {
		k.curr = k.idle
	}
	k.sched.curr = k.curr
	k.clock.tsc, k.clock.stime = kept.tsc, kept.stime
	startTimers(c)
	c.state = cpuUp
}

// reintegrate takes the domains over, on one CPU while all others wait.
func reintegrate() {
	reinitLocks()
	repairFrames()
	rebuildHeap()
	for d := domains.head; d != nil; d = d.next {
		for i := uint32(0); i < d.nvcpus; i++ {
			restoreGuest(d.vcpu[i])
		}
	}
	repairSched()
	requeueAll()
	retime()
	redeliver()
	finishLine()
}

// resumeCPU ends recovery on a CPU: its vCPU goes on, or it idles.
func resumeCPU(c *CPU) {
	v := c.core.curr
	raiseSoft(softTimer)
	raiseSoft(softSchedule)
	if v.isIdle() {
		resetStackAndCall(idleLoop)
	}
	loadContext(c, v)
	updateGuestTime(v)
	returnToGuest()
}

// requeueAll puts the vCPUs that were in run queues into the new ones.
func requeueAll() {
	for d := domains.head; d != nil; d = d.next {
		for i := uint32(0); i < d.nvcpus; i++ {
			v := d.vcpu[i]
			v.qnext, v.qprev = nil, nil
			if v.queued {
				v.queued = false
				q := &cpuByID(v.cpu).core.sched
				q.lk.lock()
				q.insert(v)
				q.lk.unlock()
			}
		}
	}
}

// waitMask waits until all bits of a mask are set in a word.
func waitMask(p *uint64, mask uint64) {
	for t := readTSC(); atomic.LoadUint64(p)&mask != mask; {
		assert(readTSC()-t < stopCycles)
		bare.Pause()
	}
}

// coreTables fills in the static data that is not constant.
func coreTables() {
	setClock(params.tscHz, params.apicHz)
	hypercalls[abi.HypercallMulticall] = hyperMulticall
	hypercalls[abi.HypercallSelfCheck] = hyperSelfCheck
}
