package main

import "math/bits"

// coreCPU is the core's part of a CPU's block: the state of what runs on that
// CPU. A microreboot makes a new one and takes only curr from the old.
type coreCPU struct {
	curr *VCPU // the vCPU whose registers are loaded (Xen's current)
	idle *VCPU

	irqCount uint32 // interrupts being handled; zero wherever memory is allocated
	online   uint32
	softirq  uint64 // soft interrupts that are pending, a bit each

	left          uint64 // how often the CPU left the VMM: to a guest, or to wait for an interrupt
	watchdogTicks uint64 // advanced by a recurring timer, looked at by the NMI
	watchdogTimer timer
	consoleTimer  timer // looks for console input, see ring.go

	tlbTime uint32 // flush clock at the last flush of everything
	gdtEnts uint32 // guest GDT pages mapped in the window of this CPU
	ldtEnts uint32 // descriptors of the guest's LDT that is loaded

	sched  schedCPU
	timers timerCPU
	clock  clockCPU
	call   callCPU
	eoi    eoiStack

	journal  journalCPU
	patrolAt uint64 // descriptors that patrol has looked at, of this CPU's part
	refused  mfn    // frame because of which a request of the guest failed, 0 = none
}

// cpusOnline is the set of CPUs that take part.
func cpusOnline() uint64 { return onlineMask }

// onlineMask has a bit for each CPU between coreInitCPU and panic.
var onlineMask uint64

// nrCPUs is one more than the highest number of a CPU that takes part.
func nrCPUs() uint32 { return uint32(bits.Len64(onlineMask)) }

// statistics of one CPU, read by the host; see stats.
const (
	statTicks = iota
	statSwitches
	statWatchdog
	statHypercalls
	statUpcalls
	statTraps
	statIPIs
	statTimerIRQs
)

// stats counts events per CPU.
var stats [maxCPUs][8]uint64

// count adds one to a statistic of this CPU.
func count(stat int) { stats[this().ID&(maxCPUs-1)][stat&7]++ }
