package main

import "unsafe"

// testCPU stands in for the running CPU's block in unit tests.
var testCPU *CPU

// this returns the block of the running CPU. As in Xen only the stack pointer
// says which CPU this is: the stack lies in the CPU's block. So with a wrong
// stack pointer this returns a wrong block.
func this() *CPU {
	if native {
		return testCPU
	}
	var here byte
	return (*CPU)(ptr(uint64(uintptr(unsafe.Pointer(&here))) &^ (cpuBlockSize - 1)))
}

// current is the vCPU that this CPU runs.
func current() *VCPU { return this().core.curr }

// ptr turns an address into a pointer.
func ptr(addr uint64) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&addr)) }

// addrOf is the inverse of ptr.
func addrOf(p unsafe.Pointer) uint64 { return uint64(uintptr(p)) }
