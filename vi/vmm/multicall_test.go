package main

import (
	"testing"

	"resvirt/vi/abi"
)

// The rest of a preempted entry is copied into the guest's list. If the VMM
// fails during the copy, the entry asks for something else. When the multicall
// is issued again it copies the entry once more, and goes on behind the part
// that was done.
func TestMulticallHalfWritten(t *testing.T) {
	recoverable(t)
	_, v, m := onGuest(t, 1)
	ops := put(1, 0, [2]abi.MMUExtOp{{Cmd: abi.MMUExtUnpin, Arg1: uint64(m[0])}, {Cmd: abi.MMUExtPinL1, Arg1: uint64(m[4])}})
	entry := abi.MulticallEntry{Op: abi.HypercallMMUExtOp, Args: [6]uint64{ops, 2, 0, abi.DomidSelf}}
	list := put(1, 0x100, [1]abi.MulticallEntry{entry})

	*guestRegs() = regs{RIP: 0x500, RAX: abi.HypercallMulticall, RDI: list, RSI: 1}
	v.isRunning = 1
	v.arch.log.start(abi.HypercallMulticall)
	v.note(notedEntry | notedCall)
	raiseSoft(softTimer) // something more urgent after the first part
	hyperMulticall(list, 1, 0, 0, 0)
	rest := got[abi.MulticallEntry](list)
	if rest.Args[0] != ops+mmuextSize || rest.Args[1] != 1|abi.MMUPreemptedBit {
		t.Fatalf("the entry was not preempted: %+v", rest)
	}
	testCPU.core.softirq = 0

	// As if only the entry's first words had been copied when the CPU stopped.
	half := rest
	half.Args[1] = entry.Args[1]
	put(1, 0x100, half)
	v.arch.log.done, v.arch.drafted = rewriting, 0
	restoreGuest(v)
	v.arch.log.start(abi.HypercallMulticall)
	if rc := hyperMulticall(list, 1, 0, 0, 0); rc != 0 {
		t.Errorf("result %d", rc)
	}
	if e := got[abi.MulticallEntry](list); e.Result != 0 || e.Args != rest.Args {
		t.Errorf("entry %+v, want %+v", e, rest)
	}
	if pageOf(m[0]).typ&ptPinned != 0 || pageOf(m[4]).typ&ptPinned == 0 {
		t.Errorf("types %#x, %#x", pageOf(m[0]).typ, pageOf(m[4]).typ)
	}
	if log := &v.arch.log; log.done != 1<<32 {
		t.Errorf("log %+v", log)
	}
}
