package main

import (
	"resvirt/vi/seam"
	"unsafe"
)

// What the VMM prints about a guest that an exception ends. Interrupts are on
// between the lines, because other CPUs may wait for this CPU to answer their
// interrupts, and the watchdog is told of the progress.

// dump prints a vCPU's registers and the top of its stack.
func (v *VCPU) dump(r *regs) {
	printDomain(v.domain, "vCPU", uint64(v.id))
	for n := uint8(0); n < 16; n += 4 {
		flags := dumpLine()
		for i := n; i < n+4; i++ {
			dumpWord(regNames[4*i:4*i+4], *gpr(r, i))
		}
		endLine(flags)
	}
	flags := dumpLine()
	dumpWord("rip ", r.RIP)
	dumpWord("flags ", r.RFLAGS)
	dumpWord("cs ", uint64(r.CS))
	dumpWord("cr2 ", v.arch.cr2)
	endLine(flags)
	for i := uint64(0); i < 16; i += 4 {
		var w [4]uint64
		if !fromGuest(unsafe.Pointer(&w), r.RSP+8*i, 32) {
			break
		}
		flags := dumpLine()
		serialString("stack ")
		for _, x := range w {
			dumpWord("", x)
		}
		endLine(flags)
	}
}

func dumpLine() uint64 {
	working()
	flags := lockConsole()
	serialString(seam.VMM + "  ")
	return flags
}

func dumpWord(name string, v uint64) {
	serialString(name)
	serialHex(v)
	serialPut(' ')
}

func endLine(flags uint64) {
	serialPut('\n')
	unlockConsole(flags)
}

const regNames = "rax rcx rdx rbx rsp rbp rsi rdi r8  r9  r10 r11 r12 r13 r14 r15 "
