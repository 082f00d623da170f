package main

import (
	"resvirt/vi/bare"
	"resvirt/vi/seam"
)

// assert detects a state that must not occur. It is small, so that the compiler puts it
// into its callers.
func assert(ok bool) {
	if !ok {
		assertFailed()
	}
}

// callerPC is the return address of the caller's caller.
func callerPC() uint64 {
	bp := bare.RBP()
	return *(*uint64)(ptr(bp + 8))
}

// giveUp prints what failed and stops the machine for good.
func giveUp() {
	p := persist()
	f := &p.failure
	again := p.givenUp != 0
	p.givenUp = 1
	post(seam.PostGivenUp)
	if !again && f.count != 0 {
		rawStr("\n" + seam.VMM + "failure, kind, pc, address, cpu: ")
		rawHex(f.kind)
		rawHex(f.pc)
		rawHex(f.addr)
		rawHex(f.cpu)
		rawStr("\n")
	}
	bare.Out8(debugExit, seam.PostGivenUp)
	for {
		bare.Cli()
		bare.Hlt()
	}
}

// halt ends a boot that cannot go on.
func halt(why string) {
	rawStr(seam.VMM)
	rawStr(why)
	rawStr("\n")
	giveUp()
}
