package main

import "resvirt/vi/bare"

// kindAssert is the kind of a failed assertion: no fatal exception has this
// vector. Exceptions have theirs, Go's checks goCheck and up.
const kindAssert = 1

// assert detects what must not be. It is small, so that it is compiled into its callers.
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

// POST codes besides the numbers of the recovery steps.
const (
	postPort      = 0x80
	postRecovered = 0x7f
	postGivenUp   = 0x7e
)

// giveUp says what failed and stops the machine for good.
func giveUp() {
	p := persist()
	f := &p.failure
	again := p.givenUp != 0
	p.givenUp = 1
	post(postGivenUp)
	if !again && f.count != 0 {
		rawStr("\n(VMM) failure, kind, pc, address, cpu: ")
		rawHex(f.kind)
		rawHex(f.pc)
		rawHex(f.addr)
		rawHex(f.cpu)
		rawStr("\n")
	}
	bare.Out8(debugExit, postGivenUp)
	for {
		bare.Cli()
		bare.Hlt()
	}
}

// halt ends a boot that cannot go on.
func halt(why string) {
	rawStr("(VMM) ")
	rawStr(why)
	rawStr("\n")
	giveUp()
}
