package main

import (
	"sync/atomic"

	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// Recovery replaces or repairs the failed VMM in place, in one of two ways. A
// microreboot (recover_microreboot.go, as ReHype) boots a new instance from a
// pristine copy; a microreset (recover_microreset.go, as NiLiHype) goes on with the
// old one. Both discard whatever the VMM was executing on every CPU, and both
// then repair what no longer fits together. Every step repairs one kind of
// inconsistency, has a file of its own and can be switched off alone.

const (
	// maxAttempts bounds failures while recovering.
	maxAttempts = 3
	// stopCycles is how long to wait for other CPUs, in cycles.
	stopCycles = 1000000
	// relapseCycles: a failure within so many cycles after a recovery is a
	// relapse.
	relapseCycles = 4000000
)

// persistent.mode
const (
	modeNone = iota
	modeReset
	modeReboot
	modeFull
)

// recoverVMM runs on the CPU that detected a failure, on a fresh stack, still
// with the code and the static data of the failed instance.
func recoverVMM() {
	p := persist()
	mode := chooseMode(p)
	if mode == modeNone {
		giveUp()
	}
	c := this()
	me := c.number() + 1
	if !atomic.CompareAndSwapUint32(&p.owner, 0, me) && p.owner != me {
		park(c) // another CPU recovers: this one stops like all others
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
	nmiIPI(c, p.kept.cpus)
	p.up, p.resumed, p.mode = 0, 0, mode
	if mode == modeReset {
		microreset()
	}
	m := &bare.Image
	findEntries() // a first attempt at a microreboot may have cleared them
	copyPristine(entries.copyImage-m.VirtBase+pristineBase, directMapBase+m.PhysBase, pristineBase,
		m.DataEnd-m.VirtBase, m.BSSEnd-m.VirtBase)
}

// chooseMode decides how to recover: the way that costs less comes first. That
// is a microreset, if both are allowed. It repairs too little when data is
// wrong already, or when a microreset has failed or another failure followed it
// at once: in these cases it is a microreboot.
func chooseMode(p *persistent) uint32 {
	reboot := suspicious() || p.attempts != 0 || relapse(p)
	if allowed(stepMicroreset) && !(allowed(stepMicroreboot) && reboot) && begin(stepMicroreset) {
		return modeReset
	}
	if begin(stepMicroreboot) {
		return modeReboot
	}
	if begin(stepFullReboot) {
		return modeFull
	}
	return modeNone
}

// relapse says whether the last recovery is so recent that this failure is
// likely to be its fault.
func relapse(p *persistent) bool {
	return p.ended != 0 && readTSC()-p.ended < relapseCycles
}

// keepCPU copies what recovery needs from a CPU's block, at its first call after a failure.
func keepCPU(c *CPU) {
	k := &persist().cpus[c.number()]
	if k.valid {
		return
	}
	k.valid = true
	k.curr, k.idle, k.running = c.core.curr, c.core.idle, c.core.timers.running
	k.tsc, k.stime = c.core.clock.tsc, c.core.clock.stime
	keepGuest(c)
	keepLine(c)
}

// park waits for the recovering CPU. What this CPU was doing is lost.
func park(c *CPU) {
	p := persist()
	keepCPU(c)
	clearBits(&p.stop, 1<<c.number())
	waitRelease(&p.parked, 1<<c.number(), &p.release)
}

// recoverOn continues the recovery when the recovering CPU itself is in order:
// the other CPUs put themselves in order, then everything is repaired, then all
// CPUs resume.
func recoverOn(c *CPU) {
	p := persist()
	p.up = 1 << c.number()
	atomic.AddUint64(&p.release, 1)
	waitMask(&p.up, 1<<p.kept.cpus-1)
	reintegrate()
	post(seam.PostRecovered)
	f := &p.failure
	p.cpus = [maxCPUs]keptCPU{}
	p.stop, p.parked, p.saved, p.attempts = 0, 0, 0, 0
	p.ended = readTSC()
	atomic.StoreUint32(&p.owner, 0)
	atomic.StoreUint32(&p.resumed, 1)
	logHex("recovered from a failure at", f.pc)
	raiseSoftOn(0, softReap)
	resumeCPU(c)
}

// recoverOther is the first Go code that the other CPUs run when park lets them
// go.
func recoverOther() {
	p := persist()
	if p.mode == modeFull {
		bootAnew()
	}
	var c *CPU
	if p.mode == modeReset {
		c = microresetCPU()
	} else {
		c = microrebootCPU()
	}
	setBits(&p.up, 1<<c.number())
	for atomic.LoadUint32(&p.resumed) == 0 {
		bare.Pause()
	}
	resumeCPU(c)
}

// reintegrate does the repairs on one CPU, while all others wait.
func reintegrate() {
	domainList()
	saneValues()
	staticLocks()
	reinitLocks()
	iommuQueues()
	strayDMA()
	pageFrames()
	iommuTables()
	for d := domains.head; d != nil; d = d.next {
		for i := uint32(0); i < d.nvcpus; i++ {
			restoreGuest(d.vcpu[i])
		}
	}
	schedMetadata()
	timerHeap()
	recurringTimers()
	irqRoutes()
	irqEnds()
	irqRedelivery()
	eventRedelivery()
	consoleLine()
	verify()
}

// resumeCPU ends recovery on a CPU: its vCPU goes on, or it idles.
func resumeCPU(c *CPU) {
	hardwareTimer()
	v := c.core.curr
	disarmDebug()
	bare.WriteCR4(cr4VMM)
	c.guestCR4 = 0
	if v.isIdle() {
		c.fpu, c.guestTS, c.loaded = nil, false, nil
		resetStackAndCall(idleLoop)
	}
	loadContext(c, v)
	updateGuestTime(v)
	returnToGuest()
}

// waitMask waits until all bits of a mask are set in a word.
func waitMask(p *uint64, mask uint64) {
	for t := readTSC(); atomic.LoadUint64(p)&mask != mask; {
		assert(readTSC()-t < stopCycles)
		bare.Pause()
	}
}

// copyPristine replaces the image and never returns: at is copyImage's address
// in the pristine copy, dst and src are the addresses of image and copy, bss
// and end the offsets of zeroed data and of the image's end.
func copyPristine(at, dst, src, bss, end uint64)

// waitRelease sets bit in *parked, waits until *release changes, and enters the
// new instance.
//
//go:noescape
func waitRelease(parked *uint64, bit uint64, release *uint64)
