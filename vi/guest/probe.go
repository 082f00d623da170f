package guest

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/seam"
)

// Probe tests that the hypervisor still works in all respects: a hypercall of
// each kind with its effect, a program that forks and sleeps, a timer, an IPI,
// an event channel to itself and the hypervisor's own check. It prints the
// probes that fail.
func Probe() bool {
	ok := true
	for i := range probes {
		probing = probes[i].name
		if r := probes[i].run(); r != 0 {
			probeFailed(uint64(r))
			ok = false
		}
	}
	probing = ""
	return ok
}

// probing is the name of the probe under way: if the kernel dies meanwhile,
// this probe has failed.
var probing string

func probeFailed(code uint64) {
	Print(seam.ProbeFailed)
	Print(probing)
	Print(" ")
	PrintHex(code)
	Print("\n")
}

// probes return 0, or a code that says what was wrong: an errno or a step.
var probes = [...]struct {
	name string
	run  func() int64
}{
	{"xen_version", probeVersion},
	{"tables", probeTables},
	{"mmu_update", probeMMU},
	{"mmuext_op", probeExt},
	{"multicall", probeMulticall},
	{"memory_op", probeMemory},
	{"vcpu_op", probeVcpu},
	{"event_channel_op", probeEvents},
	{"timer", probeTimer},
	{"domctl", probeControl},
	{"fork", probeFork},
	{"self check", probeSelf},
}

func probeVersion() int64 {
	v := hypercall(abi.HypercallXenVersion, abi.XenverVersion, 0, 0, 0)
	if v>>16 < 4 {
		return 1
	}
	f := abi.FeatureInfo{}
	return hypercall(abi.HypercallXenVersion, abi.XenverGetFeatures, addr(unsafe.Pointer(&f)), 0, 0)
}

// probeTables registers the tables of the boot once more.
func probeTables() int64 {
	initTraps()
	if r := hypercall(abi.HypercallStackSwitch, abi.FlatKernelSS, current.base+blockSize, 0, 0); r != 0 {
		return r
	}
	if r := hypercall(abi.HypercallSetGDT, 0, 0, 0, 0); r != 0 {
		return r
	}
	setGDT()
	if r := hypercall(abi.HypercallSetCallbacks, entries[entryEvent], entries[entryFailsafe], entries[entrySyscall], 0); r != 0 {
		return r
	}
	cb := abi.CallbackRegister{Type: abi.CallbackTypeSyscall, Flags: abi.CallbackMaskEvents, Address: entries[entrySyscall]}
	return hypercall(abi.HypercallCallbackOp, abi.CallbackOpRegister, addr(unsafe.Pointer(&cb)), 0, 0)
}

// probeSlot is a page of the window that nothing else uses.
func probeSlot() uint64 { return windowBase() + (sharedSlot-1)*pageSize }

// probeMMU maps one page twice, by both hypercalls that change an entry, and
// reads through one mapping what the other wrote.
func probeMMU() int64 {
	p := allocZero()
	if p == 0 {
		return -abi.ENOMEM
	}
	slot := probeSlot()
	window := ptePage(tableAt(kernelL2)[windowBase()>>21&511])
	req := [1]abi.MMUUpdate{{Ptr: pteMachine(window, sharedSlot-1), Val: pteFor(p, pteKernel)}}
	if r := mmuUpdate(req[:]); r != 0 {
		return r
	}
	*(*uint64)(ptr(slot)) = 0x5eed
	if *(*uint64)(ptr(kva(p))) != 0x5eed {
		return 1
	}
	q := allocZero()
	if r := updateVA(slot, pteFor(q, pteKernel), abi.UVMFInvlpg|abi.UVMFAll); r != 0 {
		return r
	}
	if *(*uint64)(ptr(slot)) != 0 {
		return 2
	}
	// A writable mapping of a page table must be refused.
	if r := updateVA(slot, pteFor(bootRoot, pteKernel), abi.UVMFInvlpg); r >= 0 {
		return 3
	}
	if r := updateVA(slot, 0, abi.UVMFTLBFlush); r != 0 {
		return r
	}
	mem.drop(p)
	mem.drop(q)
	return 0
}

// probeExt pins and unpins a table and flushes in each way.
func probeExt() int64 {
	t := allocZero()
	if t == 0 {
		return -abi.ENOMEM
	}
	protect(t, pteKernel&^pteWrite)
	batchFlush()
	for _, op := range [...]abi.MMUExtOp{
		{Cmd: abi.MMUExtPinL1, Arg1: p2m[t]},
		{Cmd: abi.MMUExtTLBFlushLocal},
		{Cmd: abi.MMUExtInvlpgLocal, Arg1: kva(t)},
		{Cmd: abi.MMUExtTLBFlushAll},
		{Cmd: abi.MMUExtInvlpgAll, Arg1: kva(t)},
		{Cmd: abi.MMUExtUnpin, Arg1: p2m[t]},
	} {
		if r := mmuext1(op.Cmd, op.Arg1, op.Arg2); r != 0 {
			return int64(op.Cmd)<<8 | -r
		}
	}
	protect(t, pteKernel)
	batchFlush()
	mem.drop(t)
	return 0
}

// probeMulticall sets CR0.TS and clears it again in one call, because compiled
// code uses the FPU, and moves FS.
func probeMulticall() int64 {
	batchAdd(abi.HypercallFPUTaskswitch, 1, 0, 0, 0)
	batchAdd(abi.HypercallSetSegmentBase, abi.SegbaseFS, 0x1000, 0, 0)
	batchAdd(abi.HypercallSetSegmentBase, abi.SegbaseFS, 0, 0, 0)
	batchAdd(abi.HypercallFPUTaskswitch, 0, 0, 0, 0)
	batchFlush()
	return 0
}

func probeMemory() int64 {
	balloonOut()
	balloonIn()
	if balloon.n != 0 {
		return 1
	}
	return 0
}

func probeVcpu() int64 {
	if r := vcpuOp(abi.VcpuopIsUp, 0, nil); r != 1 {
		return 1
	}
	if r := schedOp(abi.SchedopYield, nil); r != 0 {
		return r
	}
	return 0
}

// await sleeps until the count of events of a kind has passed a value.
func await(use int, past uint64) int64 {
	limit := now() + 10000000
	for received[use] <= past {
		if now() > limit {
			return -abi.ETIME
		}
		current.wakeAt = now() + 100000
		arm(current.wakeAt)
		sleep(unsafe.Pointer(&received))
	}
	return 0
}

// probeEvents sends an event to this vCPU by IPI, and by a channel with both
// ends in this domain.
func probeEvents() int64 {
	ipi := abi.EvtchnBindIPI{}
	if r := evtchnOp(abi.EvtchnopBindIPI, unsafe.Pointer(&ipi)); r != 0 {
		return r
	}
	bindPort(ipi.Port, portIPI)
	if r := ring(ipi.Port, portIPI); r != 0 {
		return r
	}
	un := abi.EvtchnAllocUnbound{Dom: abi.DomidSelf, RemoteDom: abi.DomidSelf}
	if r := evtchnOp(abi.EvtchnopAllocUnbound, unsafe.Pointer(&un)); r != 0 {
		return r
	}
	bind := abi.EvtchnBindInterdomain{RemoteDom: abi.DomidSelf, RemotePort: un.Port}
	if r := evtchnOp(abi.EvtchnopBindInterdomain, unsafe.Pointer(&bind)); r != 0 {
		return r
	}
	bindPort(un.Port, portPair)
	for i, priority := range [...]uint32{abi.EvtchnFIFOPriorityDefault, abi.EvtchnFIFOPriorityMax, abi.EvtchnFIFOPriorityMin} {
		if i > 0 && fifo.control == nil {
			break
		}
		if r := setPriority(un.Port, priority); r != 0 {
			return r
		}
		if r := ring(bind.LocalPort, portPair); r != 0 {
			return r
		}
	}
	for _, port := range [...]uint32{ipi.Port, bind.LocalPort, un.Port} {
		maskPort(port)
		ports[port] = portNone
		arg := abi.EvtchnPort{Port: port}
		if r := evtchnOp(abi.EvtchnopClose, unsafe.Pointer(&arg)); r != 0 {
			return r
		}
	}
	return 0
}

// ring sends on a port and waits for the event.
func ring(port uint32, use int) int64 {
	had := received[use]
	arg := abi.EvtchnPort{Port: port}
	if r := evtchnOp(abi.EvtchnopSend, unsafe.Pointer(&arg)); r != 0 {
		return r
	}
	return await(use, had)
}

// probeTimer sleeps, which uses the block hypercall and the timer's event. On a slow
// machine a short sleep is over before the timer is set, so it tries longer ones.
func probeTimer() int64 {
	had := received[portTimer]
	for ns := uint64(20000); ns < 100000000; ns *= 8 {
		t := now()
		sleepUntil(t + ns)
		if now() < t+ns {
			return 1
		}
		if received[portTimer] != had {
			return 0
		}
	}
	return 2
}

// probeControl makes calls that must be refused, because only the control
// domain may make them.
func probeControl() int64 {
	if privileged {
		return 0
	}
	list := abi.Sysctl{Cmd: abi.SysctlPhysInfo}
	if r := Sysctl(&list); r != -abi.EPERM {
		return 1
	}
	pause := abi.Domctl{Cmd: abi.DomctlPause}
	if r := Domctl(&pause); r != -abi.EPERM {
		return 2
	}
	return 0
}

func probeFork() int64 { return Run("probe") }

// probeSelf asks the hypervisor to check itself; Xen has no such call.
func probeSelf() int64 {
	if privileged {
		return 0
	}
	return hypercall(abi.HypercallSelfCheck, 0, 0, 0, 0)
}
