package main

import "unsafe"

// What is said of a guest that comes to its end by an exception.

// dump prints a vCPU's registers and the top of its stack. That takes longer than
// the watchdog waits.
func (v *VCPU) dump(r *regs) {
	flags := lockConsole()
	serialString("(VMM) d")
	serialDecimal(uint64(v.domain.id))
	serialString(" vCPU ")
	serialDecimal(uint64(v.id))
	for n := range uint8(16) {
		if n%4 == 0 {
			serialString("\n(VMM)   ")
			working()
		}
		serialString(regNames[4*n : 4*n+4])
		serialHex(*gpr(r, n))
		serialPut(' ')
	}
	serialString("\n(VMM)   rip ")
	serialHex(r.RIP)
	serialString(" flags ")
	serialHex(r.RFLAGS)
	serialString(" cs ")
	serialHex(uint64(r.CS))
	serialString(" cr2 ")
	serialHex(v.arch.cr2)
	working()
	serialString("\n(VMM)   stack ")
	for i := range uint64(16) {
		var w uint64
		if !fromGuest(unsafe.Pointer(&w), r.RSP+8*i, 8) {
			break
		}
		if i%4 == 3 {
			working()
		}
		serialHex(w)
		serialPut(' ')
	}
	serialPut('\n')
	unlockConsole(flags)
}

const regNames = "rax rcx rdx rbx rsp rbp rsi rdi r8  r9  r10 r11 r12 r13 r14 r15 "
