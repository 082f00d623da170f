package guest

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// quantumNS is how long a process runs while others wait.
var quantumNS uint64 = 20000

var (
	needSwitch bool // set by the timer: the running process's time is up
	lastRun    int  // slot that ran last: round robin
)

// pick is the next runnable process after the one that ran last.
func pick() *Proc {
	for k := 1; k <= maxProcs; k++ {
		i := lastRun + k
		if i >= maxProcs {
			i -= maxProcs
		}
		if procs[i].state == procRunnable {
			lastRun = i
			return &procs[i]
		}
	}
	return nil
}

// schedule gives the processor to a runnable process, or waits for an event
// until there is one. It returns when the caller is picked again.
func schedule() {
	needSwitch = false
	next := pick()
	for next == nil {
		idle()
		next = pick()
	}
	armTick()
	if next != current {
		switchTo(next)
	}
}

// yield is the end of a quantum or sched_yield.
func yield() { schedule() }

// switchTo loads another process's kernel stack, address space and segment
// bases in one multicall, then its registers.
func switchTo(p *Proc) {
	old := current
	current = p
	batchAdd(abi.HypercallStackSwitch, abi.FlatKernelSS, p.base+blockSize, 0, 0)
	batchAdd(abi.HypercallSetSegmentBase, abi.SegbaseFS, p.fsBase, 0, 0)
	batchAdd(abi.HypercallSetSegmentBase, abi.SegbaseGSUser, p.gsBase, 0, 0)
	p.space.activate()
	old.ds, old.es, _, _ = bare.Segments()
	if p.ds != old.ds || p.es != old.es {
		setData(p.ds, p.es)
	}
	bare.ForgetFPU() // or p could see the last x87 instruction of another process
	swtch(&old.stack, &p.stack)
}

// idle blocks until an event; the hypercall unmasks events and the upcall runs
// on this stack.
func idle() {
	armWake()
	closeKernel()
	must("block", schedOp(abi.SchedopBlock, nil))
	openKernel()
	info := &shared.VcpuInfo[0]
	info.EvtchnUpcallMask = 1
	if info.EvtchnUpcallPending != 0 {
		upcall()
	}
}

// initSched makes the running thread process 0.
func initSched() {
	p := &procs[0]
	current = p
	p.state = procRunnable
	p.base = addr(unsafe.Pointer(this()))
	p.space.kernelRoot = bootRoot
	p.space.pinned = true
}
