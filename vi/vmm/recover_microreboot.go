package main

import (
	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// Step microreboot. A new instance of the VMM boots in the place of the failed
// one, from the pristine copy that the loader left, and takes over the domains,
// whose state lies in heap pages. Code, static data and the CPUs' blocks are
// new, whatever was wrong with them; this step does what every new instance
// needs; every other repair is a step of its own.

// rebootMain is the first Go code of the new instance, on the CPU that recovers.
func rebootMain() {
	if persist().mode == modeFull {
		fullReboot()
	}
	findEntries()
	restoreRoots(&persist().kept)
	coreTables()
	forgetRoutes()
	recoverOn(microrebootCPU())
}

// microrebootCPU makes the calling CPU's block anew, but for its stacks, and
// puts the CPU into the state in which the VMM runs.
func microrebootCPU() *CPU {
	bare.WriteCR3(persist().kept.idleRoot)
	c := this()
	id := c.number()
	clearBits(&persist().parked, 1<<id)
	c.ID, c.APICID = id, id
	initTables(c)
	// The tables that the processor reads stay: the watchdog's NMI may come at
	// any time.
	*c = CPU{g: c.g, ID: id, APICID: id, gdt: c.gdt, idt: c.idt, tss: c.tss}
	initBlock(id, id)
	initCPU(c)
	startWatchdog()
	ackInterrupts()
	nmiAck()
	coreRebootCPU(c)
	return c
}

// coreRebootCPU is like coreInitCPU, with values taken from the failed
// instance.
func coreRebootCPU(c *CPU) {
	k, kept := &c.core, &persist().cpus[c.ID]
	k.online = 1
	setBits(&onlineMask, 1<<c.ID)
	k.idle, k.curr = kept.idle, kept.curr
	if !vcpuOK(k.curr) {
		k.curr = k.idle
	}
	k.sched.curr = k.curr
	// This CPU's window may still map the GDT of the failed instance's vCPU. This count
	// makes loadGDT unmap it, also if the next vCPU has no GDT.
	k.gdtEnts = abi.FirstReservedGDTEntry
	k.clock.tsc, k.clock.stime = kept.tsc, kept.stime
	startTimers(c)
	c.state = cpuUp
}
