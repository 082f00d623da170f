package main

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/seam"
)

// witness is the domain that does nothing wrong.
const witness = 1

// attestEvery: the witness does one round while the others do so many.
const attestEvery = 64

// field is memory that the witness watches, a part in each round. In the other
// domains forest makes page tables of it.
var field *[words]uint64

const (
	words = 2 << 20 / 8
	parts = 16
)

// pattern is the content of the field.
func pattern(i uint64) uint64 { return i*0x9e3779b97f4a7c15 ^ 0x5eed }

// attest is a round of the witness: vCPU 0 checks its memory and lets the
// hypervisor check itself; the second vCPU does nothing.
func attest() {
	if me() != 0 {
		hypercall(abi.HypercallVcpuOp, abi.VcpuopDown, 1, 0, 0, 0)
		return
	}
	part := rounds[0] / attestEvery % parts
	if rounds[0] <= attestEvery {
		for i := range uint64(words) {
			field[i] = pattern(i)
		}
	}
	for i := part * (words / parts); i < (part+1)*(words/parts); i++ {
		if field[i] != pattern(i) {
			say(seam.Error + ": the witness's memory was changed\n")
			shutDown(abi.ShutdownCrash)
		}
	}
	if hypercall(abi.HypercallSelfCheck, 0, 0, 0, 0, 0) != 0 {
		say(seam.Error + ": the hypervisor's check of itself failed\n")
		shutDown(abi.ShutdownCrash)
	}
	if left := option("rounds") - min(rounds[0], option("rounds")); left < attestEvery {
		say(seam.WitnessOK + "\n")
	}
	loadX87() // others try to see this, see otherPointers
	rest()
	rounds[0] += attestEvery - 1
}

// rest lets others run for a while.
func rest() {
	t := &sharedInfo().VcpuInfo[0].Time
	poll := abi.SchedPoll{Timeout: t.SystemTime + (rdtsc()-t.TSCTimestamp)>>1 + 100_000}
	hypercall(abi.HypercallSchedOp, abi.SchedopPoll, addr(unsafe.Pointer(&poll)), 0, 0, 0)
}
