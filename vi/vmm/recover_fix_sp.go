package main

// Step fix_sp. The local APIC is asked which CPU this is, instead of the stack
// pointer, which everything else uses (this). The fault may have hit the stack
// pointer itself: then it leads to another CPU's block, and recovery stops the
// wrong CPUs as "all others". (The change to a fresh stack asks it, too:
// onFreshStack.)

// fixSP is the block of the CPU that took the exception.
func fixSP() *CPU {
	id := this().number()
	if allowed(stepFixSP) {
		id = apicRead(apicID) >> 24
	}
	return (*CPU)(ptr(blockAddr(id & (maxCPUs - 1))))
}
