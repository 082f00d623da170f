package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// rounds counts the rounds that each vCPU has begun.
var rounds [vcpus]uint64

// me is the vCPU that runs on this stack.
func me() int {
	var here byte
	if at := addr(unsafe.Pointer(&here)); at < tops[1] && at >= tops[1]-blockSize {
		return 1
	}
	return 0
}

// loop does rounds until all are done. After an exception or event it starts
// again.
func loop() {
	v := me()
	r := dice{&streams[v]}
	limit := option("rounds")
	if option("known") != 0 && self != witness {
		if v != 0 {
			vcpuOp(abi.VcpuopDown, 1, 0)
		}
		known()
	}
	if option("dma") != 0 && self != witness {
		if self != witness+1 {
			shutDown(abi.ShutdownPoweroff)
		}
		if v != 0 {
			vcpuOp(abi.VcpuopDown, uint64(v), 0)
		}
		attackByDevice()
	}
	for {
		if self != witness && option("duet") != 0 {
			duet()
			continue
		}
		rounds[v]++
		if rounds[v] > limit {
			say("rounds done\n")
			shutDown(abi.ShutdownPoweroff)
		}
		if self == witness {
			attest()
			continue
		}
		if rounds[v]%32 == 1 {
			mend()
		}
		r.takeEvents()
		if r.one(1000) {
			r.forest()
		}
		switch r.n(16) {
		case 0:
			r.touch()
		case 1:
			r.execute()
		case 2:
			r.tables()
		case 3:
			r.strange()
		case 4:
			r.loads()
		case 5:
			r.depart()
		case 6:
			r.share()
			if r.one(2) {
				r.elsewhere()
			} else {
				r.hammer()
			}
		case 7:
			if r.one(4) {
				r.nic()
			} else {
				r.queues()
			}
		default:
			r.call()
		}
	}
}

// mend registers the entry points again, unmasks events, and sets a timer that ends a
// round which would not end by itself.
func mend() {
	mendEntries()
	wakeMe()
}

// register registers the entry points of a vCPU.
func register() {
	v := me()
	to := entries[v]
	n := 0
	for i := range 20 {
		if i == 2 || i == 8 || i == 9 || i == 15 || n == len(table)-1 {
			continue
		}
		table[n] = abi.TrapInfo{Vector: uint8(i), Flags: abi.TrapMaskEvents, CS: abi.FlatKernelCS, Address: to}
		n++
	}
	hypercall(abi.HypercallSetTrapTable, addr(unsafe.Pointer(&table)), 0, 0, 0, 0)
	hypercall(abi.HypercallSetCallbacks, to, to, to, 0, 0)
	hypercall(abi.HypercallStackSwitch, abi.FlatKernelSS, tops[v], 0, 0, 0)
	setDebug(7, 0)
}

// mendEntries registers the entry points again, makes pages of the arena writable
// again where that is possible, and gives user mode our own address space.
func mendEntries() {
	register()
	op := [4]uint64{abi.MMUExtNewUserBaseptr, frameOf(start.PTBase)}
	hypercall(abi.HypercallMMUExtOp, addr(unsafe.Pointer(&op)), 1, 0, abi.DomidSelf, 0)
	for i := range uint64(arenaPages) {
		at := arena + i*pageSize
		hypercall(abi.HypercallUpdateVAMapping, at, frameOf(at)<<12|0x67, abi.UVMFInvlpg|abi.UVMFAll, 0, 0)
	}
}

// sharedInfo is shared_info, which is mapped at the last page of the arena's
// space.
func sharedInfo() *abi.SharedInfo {
	at := arena + (arenaPages-1)*pageSize
	hypercall(abi.HypercallUpdateVAMapping, at, start.SharedInfo|0x67, abi.UVMFInvlpg|abi.UVMFAll, 0, 0)
	return (*abi.SharedInfo)(ptr(at))
}

// wakeMe unmasks all events and sets a timer that expires in a while.
func wakeMe() {
	s := sharedInfo()
	virq := abi.EvtchnBindVirq{Virq: abi.VirqTimer, Vcpu: uint32(me())}
	hypercall(abi.HypercallEventChannelOp, abi.EvtchnopBindVirq, addr(unsafe.Pointer(&virq)), 0, 0, 0)
	for i := range s.EvtchnMask {
		s.EvtchnMask[i], s.EvtchnPending[i] = 0, 0
	}
	for i := range uint64(vcpus) {
		s.VcpuInfo[i].EvtchnUpcallPending, s.VcpuInfo[i].EvtchnUpcallMask = 0, 0
		s.VcpuInfo[i].EvtchnPendingSel = 0
	}
	t := &s.VcpuInfo[me()].Time
	now := t.SystemTime + (rdtsc()-t.TSCTimestamp)>>1
	hypercall(abi.HypercallSetTimerOp, now+50_000, 0, 0, 0, 0)
}
