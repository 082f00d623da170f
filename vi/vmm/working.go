package main

import "sync/atomic"

// Some work takes longer than the watchdog waits, although it ends: a page table
// is validated or given up together with all tables below it, doubt looks at all
// tables of a domain, and a guest's registers are printed. No timers run
// meanwhile, so the CPU itself tells the watchdog of its progress. A CPU that
// waits for another one tells of progress as long as the other does.

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

// relax is one turn of the waiting loop.
func (w *patience) relax() {
	cpuRelax()
	n := 1 + atomic.LoadUint64(&tablesDone) + uint64(atomic.LoadUint32(&conring.prod))
	if w.seen != 0 && n != w.seen {
		working()
	}
	w.seen = n
}
