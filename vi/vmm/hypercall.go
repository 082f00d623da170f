package main

import (
	"resvirt/vi/abi"
)

// handler executes a hypercall for the current vCPU.
type handler func(a1, a2, a3, a4, a5 uint64) int64

// hypercalls by number. The entry of multicall is set at boot, because
// multicall itself refers to this table.
var hypercalls = [abi.NumHypercalls]handler{
	abi.HypercallSetTrapTable:     hyperSetTrapTable,
	abi.HypercallMMUUpdate:        hyperMMUUpdate,
	abi.HypercallSetGDT:           hyperSetGDT,
	abi.HypercallStackSwitch:      hyperStackSwitch,
	abi.HypercallSetCallbacks:     hyperSetCallbacks,
	abi.HypercallFPUTaskswitch:    hyperFPUTaskswitch,
	abi.HypercallUpdateDescriptor: hyperUpdateDescriptor,
	abi.HypercallMemoryOp:         hyperMemoryOp,
	abi.HypercallUpdateVAMapping:  hyperUpdateVAMapping,
	abi.HypercallSetTimerOp:       hyperSetTimerOp,
	abi.HypercallXenVersion:       hyperXenVersion,
	abi.HypercallConsoleIO:        hyperConsoleIO,
	abi.HypercallVMAssist:         hyperVMAssist,
	abi.HypercallIret:             hyperIret,
	abi.HypercallVcpuOp:           hyperVcpuOp,
	abi.HypercallSetSegmentBase:   hyperSetSegmentBase,
	abi.HypercallMMUExtOp:         hyperMMUExtOp,
	abi.HypercallSchedOp:          hyperSchedOp,
	abi.HypercallCallbackOp:       hyperCallbackOp,
	abi.HypercallEventChannelOp:   hyperEventChannelOp,
	abi.HypercallUpdateVAOther:    hyperUpdateVAOther,
	abi.HypercallSysctl:           hyperSysctl,
	abi.HypercallDomctl:           hyperDomctl,
	abi.HypercallSetDebugreg:      hyperSetDebugreg,
	abi.HypercallGetDebugreg:      hyperGetDebugreg,
	abi.HypercallPhysdevOp:        hyperPhysdevOp,
	abi.HypercallGrantTableOp:     hyperGrantTableOp,
}

// syscallLen is the length of the SYSCALL instruction.
const syscallLen = 2

// hypercall is entered by SYSCALL from ring 3. In the guest's user mode it is a
// system call of that guest. The number stays in RAX and the arguments in their
// registers until the result is written: a hypercall that was cut off can be
// executed again.
func hypercall(r *regs) {
	v := current()
	v.arch.log.start(r.RAX)
	*csWord(r) = uint64(r.CS)
	v.note(notedEntry | notedCall)
	r.EntryVector = trapSyscall
	if !v.kernelMode() {
		v.bounceSyscall()
		return
	}
	count(statHypercalls)
	nr := r.RAX
	v.arch.mc.returned = false
	rc := dispatch(nr, r.RDI, r.RSI, r.RDX, r.R10, r.R8)
	if rc == -abi.ENOSYS && !v.arch.mc.returned {
		disbelieve(nr == r.RAX, stepDoubt)
		missing(nr, r.RDI)
	}
	commit()
	v.arch.log.end()
	v.complete(r, uint64(rc))
}

// dispatch calls a handler by number.
func dispatch(nr, a1, a2, a3, a4, a5 uint64) int64 {
	if nr >= abi.NumHypercalls || hypercalls[nr] == nil {
		current().domain.appeal()
		return -abi.ENOSYS
	}
	this().core.refused = 0
	rc := hypercalls[nr](a1, a2, a3, a4, a5)
	if !current().arch.mc.returned { // else RAX is the value that the guest returned to by iret
		doubt(nr, rc)
	}
	return rc
}

// missed has a bit for each hypercall number of which a guest asked for
// something that does not exist.
var missed uint64

// missing logs a hypercall that does not exist, with the vCPU and the first
// argument, which is the operation. It logs only the first for each number.
func missing(nr, op uint64) {
	if !testAndSet(&missed, uint(min(nr, 63))) {
		d := current().domain
		printDomain(d, "hypercall that is missing", nr)
		printDomain(d, "  its operation", op)
		printDomain(d, "  made at", guestRegs().RIP)
	}
}

// preemptCheck says whether a long hypercall should make way: there are soft
// interrupts to do, or an event that its guest would take. A call asks only after
// its first part: after a recovery that part may have been begun before, and if
// the call made way, what the log says of it would be lost.
func preemptCheck() bool { return softPending() || current().eventsPending() }

// continueHypercall makes the guest issue the rest of a hypercall again, with
// these arguments, by moving its instruction pointer back over SYSCALL. In a
// multicall it is the rest of the list that is issued again.
func continueHypercall(nr, a1, a2, a3, a4 uint64) int64 {
	v := current()
	v.continued++
	if v.arch.mc.active {
		v.arch.mc.preempted = true
		v.arch.mc.call.Op = nr
		v.arch.mc.call.Args = [6]uint64{a1, a2, a3, a4}
		return 0
	}
	r := guestRegs()
	next := v.draft(r)
	next.RIP = r.RIP - syscallLen
	next.RDI, next.RSI, next.RDX, next.R10 = a1, a2, a3, a4
	v.arch.drafted |= nextArgs
	return int64(nr)
}
