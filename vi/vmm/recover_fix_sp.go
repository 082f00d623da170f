package main

// Step fix_sp. Which CPU this is, a handler takes from its stack pointer, as
// everything else does (this). But the stack pointer may be what failed: then it
// leads to another CPU's block, and the CPUs that recovery stops, "all others", are
// the wrong ones. The local APIC knows. (The change to a fresh stack asks it, too:
// onFreshStack.)

// fixSP is the block of the CPU on which an exception came.
func fixSP() *CPU {
	id := this().number()
	if allowed(stepFixSP) {
		id = apicRead(apicID) >> 24
	}
	return (*CPU)(ptr(blockAddr(id & (maxCPUs - 1))))
}
