package main

import (
	"sync/atomic"

	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// Step full_reboot. This is what an operator can do without any of the other
// steps: the machine starts anew, and every VM with it. Nothing is repaired,
// because nothing is kept. The image is replaced by its pristine copy, and all
// RAM but that copy and the guests' images is free again. Then the VMM boots as
// at power on, from the boot page tables and the INIT of the other CPUs to the
// first instruction of each VM. It keeps from the failed instance only the
// command line and the places of the modules, which a loader would pass again.
// The time that firmware and loader need, seconds in a real machine, is not
// modelled.

// fullReboot is the first Go code of the new image, on the CPU that recovers.
func fullReboot() {
	atomic.AddUint64(&persist().release, 1)
	bootAnew()
}

// bootAnew boots on the boot CPU. The other CPUs run on page tables whose RAM
// is about to be freed: they change to the page tables in the image and wait
// there for their INIT.
func bootAnew() {
	c, p := this(), persist()
	me, others := c.number(), (uint64(1)<<p.kept.cpus-1)&^1
	if me == 0 {
		p.owner = 1 // from here on the boot CPU recovers, whichever CPU began
		waitMask(&p.up, others)
	}
	bare.WRMSR(msrPerfSel, 0) // as after a reset: no NMI from here on
	apicWrite(apicLVTPC, apicMasked)
	bare.WriteCR4(cr4VMM &^ cr4PGE) // drops global translations, too
	bare.WriteCR3(bare.Image.BootRoot)
	if me != 0 {
		setBits(&p.up, 1<<me)
		for {
			bare.Hlt()
		}
	}
	for id := uint32(0); id < maxCPUs; id++ {
		*(*CPU)(ptr(blockAddr(id))) = CPU{}
	}
	tellAgain(&p.kept)
	startBootCPU()
	endInService()
	unblockNMI()
	startAll()
	forgetFailure(p)
	letGo()
}

// tellAgain fills in bootInfo as the loader's information had done.
func tellAgain(from *kept) {
	bi := &bootInfo
	bi.ramEnd, bi.mods, bi.nmods = from.ramEnd, from.mods, from.nmods
	bi.cmdline, bi.cmdlen = from.cmdline, from.cmdlen
	findFree()
	if from.consoleMid {
		rawStr("\n")
	}
}

// forgetFailure ends the recovery: the next failure is a first one.
func forgetFailure(p *persistent) {
	post(seam.PostRecovered)
	p.cpus = [maxCPUs]keptCPU{}
	p.stop, p.parked, p.saved, p.attempts = 0, 0, 0, 0
	p.mode, p.ended = modeNone, readTSC()
	atomic.StoreUint32(&p.owner, 0)
}
