package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// VCPU is a virtual processor of a domain. It lies in heap pages of its own.
type VCPU struct {
	arch archVCPU // first, because the FPU state must be aligned

	domain *Domain
	id     uint32
	cpu    uint32 // the CPU it is pinned to

	// Whether the vCPU runs is recorded three times, as in Xen: by state, by
	// isRunning, and by the CPU's record of its current vCPU. See schedule.
	state     uint32 // abi.RunstateX
	isRunning uint32 // registers are loaded on cpu, or being saved
	pause     uint64 // pauseX bits: may not run while any is set

	// Credit scheduling.
	pri          int32
	credit       int32
	queued       bool
	qnext, qprev *VCPU
	entryTime    uint64    // when state was entered
	stateTime    [4]uint64 // time spent in each state
	sliceStart   int64

	// Event channels.
	info      *abi.VcpuInfo // in the domain's shared info page, or
	infoFrame mfn           // in a frame that the guest registered
	virqLock  spinlock
	virqPort  [abi.NumVirqs]uint32
	pollPort  uint32 // 0 none, ^0 several
	initOK    bool
	yielded   bool // lets vCPUs of the same priority go first, once

	pollTimer  timer
	singleshot timer
	periodic   timer
	periodNS   int64
	runstateVA uint64 // guest's copy of the run state, 0 = none
	timeVA     uint64 // guest's copy of the clock, 0 = none
	continued  uint32 // hypercalls that were continued
}

// archVCPU is the processor state of a vCPU and what its guest registered.
type archVCPU struct {
	fpu  [512]byte // FXSAVE image
	regs regs      // general registers while it is not current

	flags uint32 // kernelMode and VGCF bits

	guestTable     mfn // L4 of the kernel's address space
	guestTableUser mfn // L4 of the user's, 0 = none

	kernelSP, kernelSS uint64
	event              uint64 // callback entry points
	failsafe           uint64
	syscall            uint64
	fsBase             uint64
	gsKernel           uint64
	gsUser             uint64
	gsMoves            bool // SWAPGS is about to be executed, or has just been: the mode does not tell whose base GS has
	selectors          selectors
	fpuTS              uint64 // fpu_taskswitch(1) is in force
	cr2                uint64
	cr4                uint64 // bits of CR4 that the guest has set, of guestCR4Own
	debugReg           [8]uint64
	iopl               uint32 // what the guest believes its I/O privilege level to be
	ioMap              uint64 // of ports that user mode may use, one bit each, 0 = allowed
	ioPorts            uint32 // number of ports in ioMap
	maskSyscall32      bool
	nmi                uint64 // nmiX bits
	syscall32          uint64 // callback of 32-bit system calls, 0 = none

	traps     *[abi.TrapVectorCount]abi.TrapInfo // a heap page
	gdtFrames [abi.FirstReservedGDTPage]mfn
	gdtEnts   uint64
	ldtBase   uint64
	ldtEnts   uint64
	ldtFrames [ldtPages]mfn

	noted   uint32 // where the registers are to which recovery goes back, see note.go
	drafted uint32 // nextX: what the hypercall under way has drafted
	next    regs   // new values for the registers that the entry saved
	kept    regs   // the saved registers before an instruction was executed on them, or what recovery found

	log   progress
	write tableWriteLog

	bounce  bounce
	mc      multicallState
	mmuDone uint64 // requests that a continued mmu_update or mmuext_op has done
}

// A vCPU fits in its page.
const _ = pageSize - unsafe.Sizeof(VCPU{})

// Bits of VCPU.pause.
const (
	pauseBlocked  = 1 << 0 // waits for an event (SCHEDOP_block)
	pauseDown     = 1 << 1 // not brought up
	pausePoll     = 1 << 2 // waits in SCHEDOP_poll; implies pauseBlocked
	pauseShutdown = 1 << 3 // its domain has shut down
)

// archVCPU.flags beside abi.VGCFX
const (
	inKernelMode = 1 << 0
)

// kernelMode says whether the guest's kernel runs, not its user mode.
func (v *VCPU) kernelMode() bool { return v.arch.flags&inKernelMode != 0 }

// isIdle says whether v is the idle vCPU, which a CPU runs when it has nothing
// else to run.
func (v *VCPU) isIdle() bool { return v.domain == nil }

// runnable says whether nothing keeps v from running.
func (v *VCPU) runnable() bool { return v.pause == 0 && (v.domain == nil || !v.domain.paused()) }

// allocVCPU makes a vCPU of d that is down.
func allocVCPU(d *Domain, id, cpu uint32) *VCPU {
	m := allocHeapPage()
	if m == 0 {
		return nil
	}
	v := (*VCPU)(frameAddr(m))
	v.domain, v.id, v.cpu = d, id, cpu
	v.state = abi.RunstateOffline
	v.pause = pauseDown
	v.pri, v.credit = priUnder, 0
	v.pollTimer.init(pollExpired, v, cpu)
	v.singleshot.init(singleshotExpired, v, cpu)
	v.periodic.init(periodicExpired, v, cpu)
	if d == nil {
		v.pri, v.pause, v.state = priIdle, 0, abi.RunstateRunning
		return v
	}
	t := allocHeapPage()
	if t == 0 {
		freeHeapPage(m)
		return nil
	}
	v.arch.traps = (*[abi.TrapVectorCount]abi.TrapInfo)(frameAddr(t))
	initFPU(&v.arch.fpu)
	v.resetDebug()
	if id < abi.LegacyMaxVcpus {
		v.info = &d.shared.VcpuInfo[id]
		v.info.EvtchnUpcallMask = 1
	}
	return v
}

// freeVCPU frees what allocVCPU took; nothing runs or waits on v any more.
func freeVCPU(v *VCPU) {
	assert(v.isRunning == 0 && !v.queued)
	assert(!v.pollTimer.active() && !v.singleshot.active() && !v.periodic.active())
	if v.arch.traps != nil {
		freeHeapPage(frameOfAddr(ptrOfTraps(v)))
	}
	freeHeapPage(frameOfAddr(ptrOfVCPU(v)))
}

// setState changes the run state and books the time spent in the old one.
func (v *VCPU) setState(state uint32, t int64) {
	assert(v.state != state)
	if d := t - int64(v.entryTime); d > 0 {
		v.stateTime[v.state&3] += uint64(d)
		v.entryTime = uint64(t)
	}
	v.state = state
}

func ptrOfVCPU(v *VCPU) unsafe.Pointer  { return unsafe.Pointer(v) }
func ptrOfTraps(v *VCPU) unsafe.Pointer { return unsafe.Pointer(v.arch.traps) }
