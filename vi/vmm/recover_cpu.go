package main

import (
	"unsafe"

	"resvirt/vi/bare"
)

// failedCPU is the block of the CPU on which an exception came. The handler
// takes it from its stack pointer, like everything else does. (Step fix_sp: the
// stack pointer may be what failed. Then this is another CPU's block, and the
// other CPUs that recovery stops are the wrong ones. The local APIC knows.)
func failedCPU() *CPU {
	id := uint32((addrOf(unsafe.Pointer(this())) - bare.Image.PerCPU) / cpuBlockSize)
	if allowed(stepFixSP) {
		id = apicRead(apicID) >> 24
	}
	return (*CPU)(ptr(blockAddr(id & (maxCPUs - 1))))
}
