package main

import (
	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// Step microreboot. A new instance of the VMM boots in the place of the failed
// one, from the pristine copy that the loader left, and takes over the domains,
// whose state lies in heap pages. Code, static data and the CPUs' blocks are
// new, whatever was wrong with them; what no new instance can do without is
// done here, every other repair is a step of its own.

// rebootMain is the first Go code of the new instance, on the CPU that recovers.
func rebootMain() {
	if persist().mode == modeFull {
		fullReboot()
	}
	findEntries()
	restoreRoots(&persist().kept)
	coreTables()
	recoverOn(microrebootCPU())
}

// microrebootCPU makes a new block for the calling CPU, but for its stacks, and
// brings the CPU under the new instance's rules.
func microrebootCPU() *CPU {
	bare.WriteCR3(persist().kept.idleRoot)
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
	nmiAck()
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
	// The failed instance's vCPU had its GDT in this CPU's window, where it stays until
	// the next one's takes its place, also if that has none.
	k.gdtEnts = abi.FirstReservedGDTEntry
	k.clock.tsc, k.clock.stime = kept.tsc, kept.stime
	startTimers(c)
	c.state = cpuUp
}
