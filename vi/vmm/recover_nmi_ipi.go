package main

import "sync/atomic"

// Step nmi_ipi. The other CPUs must stop before the image is replaced. A
// maskable interrupt does not reach one that has interrupts off, for instance
// because it spins on a lock whose holder is the failed thread: such a CPU
// would never stop, and the recovery would wait for ever. An NMI always comes.

// vectorStop stops a CPU for recovery where NMIs are not allowed.
const vectorStop = 0xf8

// nmiIPI stops all other CPUs and waits until they are parked.
func nmiIPI(c *CPU, cpus uint32) {
	nmi := begin(stepNMIIPI)
	parked := &persist().parked
	others := (uint64(1)<<cpus - 1) &^ (1 << c.number())
	for i := uint32(0); i < cpus; i++ {
		if (others&^atomic.LoadUint64(parked))>>i&1 == 0 {
			continue
		}
		setBits(&persist().stop, 1<<i)
		if nmi {
			apicSend(i, icrAssert|icrNMI)
		} else {
			apicSend(i, icrAssert|vectorStop)
		}
	}
	waitMask(parked, others)
}

// told says whether a CPU has been told to stop.
func told(c *CPU) bool { return atomic.LoadUint64(&persist().stop)>>c.number()&1 != 0 }
