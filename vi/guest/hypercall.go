package guest

import (
	"unsafe"

	"resvirt/vi/abi"
)

// Implemented in entry_amd64.s.

func hypercall(n, a1, a2, a3, a4 uint64) int64
func swtch(from, to *stack)
func rdtsc() uint64
func pause()
func setData(ds, es uint16)
func zeroPage(va uint64)
func copyBytes(dst, src, n uint64)

// Boot is the kernel's first code; main.entry jumps to it (entry_amd64.s).
func Boot()

// must ends the kernel when a hypercall that cannot fail fails. Those that succeed
// return 0.
func must(what string, r int64) {
	if r != 0 {
		Die(what, uint64(-r))
	}
}

func mmuext(ops []abi.MMUExtOp) int64 {
	return hypercall(abi.HypercallMMUExtOp, addr(unsafe.Pointer(&ops[0])), uint64(len(ops)), 0, abi.DomidSelf)
}

// mmuext1 is an mmuext_op of one operation.
func mmuext1(cmd uint32, arg1, arg2 uint64) int64 {
	op := [1]abi.MMUExtOp{{Cmd: cmd, Arg1: arg1, Arg2: arg2}}
	return mmuext(op[:])
}

func mmuUpdate(reqs []abi.MMUUpdate) int64 {
	return hypercall(abi.HypercallMMUUpdate, addr(unsafe.Pointer(&reqs[0])), uint64(len(reqs)), 0, abi.DomidSelf)
}

func updateVA(va, pte, flags uint64) int64 {
	return hypercall(abi.HypercallUpdateVAMapping, va, pte, flags, 0)
}

func schedOp(cmd uint64, arg unsafe.Pointer) int64 {
	return hypercall(abi.HypercallSchedOp, cmd, addr(arg), 0, 0)
}

func vcpuOp(cmd, vcpu uint64, arg unsafe.Pointer) int64 {
	return hypercall(abi.HypercallVcpuOp, cmd, vcpu, addr(arg), 0)
}

func evtchnOp(cmd uint64, arg unsafe.Pointer) int64 {
	return hypercall(abi.HypercallEventChannelOp, cmd, addr(arg), 0, 0)
}

func memoryOp(cmd uint64, r *abi.MemoryReservation) int64 {
	return hypercall(abi.HypercallMemoryOp, cmd, addr(unsafe.Pointer(r)), 0, 0)
}

// batch collects hypercalls for one multicall. There is one, of processor 0:
// the kernel is not preempted, and every user of it flushes before it sleeps.
var batch struct {
	n     int
	calls [64]abi.MulticallEntry
}

func batchAdd(op, a1, a2, a3, a4 uint64) {
	if batch.n == len(batch.calls) {
		batchFlush()
	}
	e := &batch.calls[batch.n]
	e.Op, e.Args[0], e.Args[1], e.Args[2], e.Args[3] = op, a1, a2, a3, a4
	batch.n++
}

// batchFlush issues the multicall and demands that every part succeeded.
func batchFlush() {
	n := batch.n
	if n == 0 {
		return
	}
	batch.n = 0
	must("multicall", hypercall(abi.HypercallMulticall, addr(unsafe.Pointer(&batch.calls)), uint64(n), 0, 0))
	for i := range batch.calls[:n] {
		if r := batch.calls[i].Result; r != 0 {
			Die("part of a multicall", batch.calls[i].Op<<32|uint64(-r))
		}
	}
}
