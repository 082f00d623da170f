package main

import "sync/atomic"

// Work that takes longer than the watchdog waits, although it comes to its end:
// page tables with all below them are validated and given up in one go, doubt
// looks at all of a domain's, and a guest's registers are printed. No timers run
// meanwhile, so that the CPU tells of its progress itself, and those that wait for
// it do while it does.

// working tells the watchdog of progress.
func working() {
	k := &this().core
	k.watchdogTicks++
	k.left++
}

// tablesDone counts the page tables that were validated, given up or looked at.
var tablesDone uint64

// tableDone ends the work on one page table.
func tableDone() {
	atomic.AddUint64(&tablesDone, 1)
	working()
}

// patience is a wait for another CPU that may have page tables to validate or
// much to print.
type patience struct{ seen uint64 }

// relax is a turn of the waiting loop.
func (w *patience) relax() {
	cpuRelax()
	n := 1 + atomic.LoadUint64(&tablesDone) + uint64(atomic.LoadUint32(&conring.prod))
	if w.seen != 0 && n != w.seen {
		working()
	}
	w.seen = n
}
