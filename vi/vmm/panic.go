package main

import (
	"resvirt/vi/bare"
)

// assert detects what must not be. It is small, so that it is compiled into its callers.
func assert(ok bool) {
	if !ok {
		assertFailed()
	}
}

//go:noinline
func assertFailed() { detectPanic(1, callerPC()) }

// callerPC is the return address of the caller's caller.
func callerPC() uint64 {
	bp := bare.RBP()
	return *(*uint64)(ptr(bp + 8))
}

// goFailed receives failures of Go's own checks from assembly.
func goFailed(kind, pc uint64) { detectPanic(0x100+kind, pc) }

// fatalTrap ends up here for exceptions that the VMM does not expect.
func fatalTrap(r *regs) {
	rawStr("trap ")
	rawHex(uint64(r.EntryVector))
	rawHex(uint64(r.ErrorCode))
	rawHex(r.RIP)
	rawHex(bare.ReadCR2())
	rawHex(r.RSP)
	detectPanic(uint64(r.EntryVector), r.RIP)
}

// detectPanic is where every detected failure of the VMM passes, except hangs.
//
//go:noinline
func detectPanic(kind, pc uint64) {
	bare.Cli()
	rawStr("\n(VMM) panic ")
	rawHex(kind)
	rawHex(pc)
	rawHex(uint64(this().ID))
	rawStr("\n")
	giveUp()
}

func handleNMI(r *regs) {}

func mapPristine() {}

// giveUp stops the machine for good.
func giveUp() {
	bare.Out8(0x80, 0x7e)
	bare.Out8(0xf4, 0x7e)
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
