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
	id := this().number()
	if allowed(stepFixSP) {
		id = apicRead(apicID) >> 24
	}
	return (*CPU)(ptr(blockAddr(id & (maxCPUs - 1))))
}

// number is c.ID, from where the block lies: recovery makes new contents.
func (c *CPU) number() uint32 {
	return uint32((addrOf(unsafe.Pointer(c))-bare.Image.PerCPU)/cpuBlockSize) & (maxCPUs - 1)
}
