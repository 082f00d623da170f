package main

import "sync/atomic"

// The hang watchdog. Performance counter 0 counts cycles in which the CPU is not
// halted; its overflow raises an NMI, which comes whatever the VMM does. A
// recurring software timer of about the same period increments watchdogTicks. If
// several NMIs in a row find watchdogTicks unchanged, the CPU hangs. It also
// hangs if timers still run, but the CPU has neither returned to a guest nor been
// idle for a longer time.
const (
	msrPerfSel = 0xc0010000 // AMD APM vol. 2, 13.2
	msrPerfCtr = 0xc0010004
	perfCycles = 0x76 | 3<<16 | 1<<20 | 1<<22 // unhalted cycles, user and OS, interrupt, enable
	perfBits   = 48

	hangPeriods = 3
	stayPeriods = 8
	// A recovery that takes more periods than this hangs.
	recoveryPeriods = 40
)

// watched says whether there is a watchdog: the period 0 means none.
func watched() bool { return params.watchdogNS != 0 }

// startWatchdog arms the calling CPU's counter.
func startWatchdog() {
	if !watched() {
		return
	}
	c := this()
	c.lastTicks, c.stuck = c.core.watchdogTicks, 0
	c.lastLeft, c.staying = c.core.left, 0
	writeMSR(msrPerfSel, 0)
	armCounter()
	writeMSR(msrPerfSel, perfCycles)
}

// armCounter lets the counter overflow a period from now. The overflow has
// masked the local vector.
func armCounter() {
	cycles := uint64(params.watchdogNS) * (params.tscHz / 1e6) / 1000
	writeMSR(msrPerfCtr, -cycles&(1<<perfBits-1))
	apicWrite(apicLVTPC, lvtNMI)
}

// overflowed says whether the counter has passed zero.
func overflowed() bool { return readMSR(msrPerfCtr)>>(perfBits-1)&1 == 0 }

// handleNMI serves the watchdog's NMIs and the ones that stop CPUs for a
// recovery. It may have interrupted anything.
func handleNMI(r *regs) {
	c, p := this(), persist()
	if told(c) {
		stoppedByNMI(c, r)
	}
	if !watched() || !overflowed() {
		return // a stop request that came too late
	}
	armCounter()
	stats[c.ID&(maxCPUs-1)][statWatchdog]++
	if owner := atomic.LoadUint32(&p.owner); owner != 0 {
		if owner != c.number()+1 {
			return
		}
		p.periods++
		if p.periods > recoveryPeriods {
			hang(c, r)
		}
		return
	}
	if p.provoke != 0 {
		p.provoke = 0
		hang(c, r)
	}
	if c.stands(r) {
		c.stuck, c.staying = 0, 0
		hang(c, r)
	}
}

// stands says whether a CPU has made no progress for too long.
func (c *CPU) stands(r *regs) bool {
	c.stuck++
	c.staying++
	if ticks := atomic.LoadUint64(&c.core.watchdogTicks); ticks != c.lastTicks {
		c.lastTicks, c.stuck = ticks, 0
	}
	if left := c.core.left; left != c.lastLeft || r.CS&3 != 0 {
		c.lastLeft, c.staying = left, 0
	}
	return c.stuck >= hangPeriods || c.staying >= stayPeriods
}
