package main

// Step fix_sp. A handler finds out from its stack pointer which CPU it runs on, as
// everything else does (this). But the fault may have hit the stack pointer itself:
// then it leads to another CPU's block, and recovery stops the wrong CPUs as "all
// others". So the local APIC is asked, which knows the CPU. (The change to a fresh
// stack asks it, too: onFreshStack.)

// fixSP is the block of the CPU that took the exception.
func fixSP() *CPU {
	id := this().number()
	if allowed(stepFixSP) {
		id = apicRead(apicID) >> 24
	}
	return (*CPU)(ptr(blockAddr(id & (maxCPUs - 1))))
}
