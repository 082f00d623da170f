package main

import "resvirt/vi/bare"

// Step renew_cpu. A wild write may hit the tables that the processor reads, a
// wrong value may have got into a control register or a register of the local
// APIC. A new instance sets all of them; a microreset does it with this step.

// renewCPU makes the calling CPU's tables and control registers anew.
func renewCPU(c *CPU) {
	if !resetting() || !begin(stepRenewCPU) {
		return
	}
	id := c.number()
	c.ID, c.APICID = id, id
	setBits(&onlineMask, 1<<id)
	findEntries()
	initTables(c)
	loadTables(c)
	bare.WriteCR4(cr4VMM)
	bare.WriteCR0(cr0VMM)
	apicInit()
}
