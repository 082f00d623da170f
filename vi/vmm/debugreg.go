package main

import (
	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// Debug registers of guests (AMD APM vol. 2, 13.1). They are in the processor while
// a vCPU runs that has a breakpoint enabled, and only then. A breakpoint is never
// on one of the hypervisor's addresses. When the hypervisor copies from or to a
// guest it may hit a breakpoint of the guest, which is ignored (debugInVMM).

// Bits of DR6 and DR7.
const (
	dr6Fixed  = 0xffff0ff0 // always set
	dr6Zero   = 1 << 12    // always clear
	dr6Status = 0xe00f     // the cause of a #DB: B0 to B3, BD, BS, BT
	dr6Step   = 1 << 14

	dr7Fixed  = 1 << 10
	dr7Active = 0xff // a breakpoint is enabled
	dr7GD     = 1 << 13
	dr7Valid  = 0xffff27ff
	dr7Port   = 2 // kind of a breakpoint: access to a port
)

// debugging says whether v has a breakpoint enabled.
func (v *VCPU) debugging() bool { return v.arch.debugReg[7]&dr7Active != 0 }

// resetDebug is the state after reset.
func (v *VCPU) resetDebug() {
	v.arch.debugReg = [8]uint64{6: dr6Fixed, 7: dr7Fixed}
}

// debugValue is what debug register n holds after a write of val, or the error if
// the write is refused. Xen does the same. Breakpoints on ports need CR4.DE, which
// guests do not have.
func debugValue(n, val uint64) (uint64, int64) {
	switch {
	case n < 4:
		if isHypervisorAddr(val) {
			return 0, -abi.EPERM
		}
		return val, 0
	case n == 6:
		return val&(1<<32-1)&^dr6Zero | dr6Fixed, 0
	case n != 7:
		return 0, -abi.ENODEV
	}
	val = val&dr7Valid | dr7Fixed
	if val&dr7GD != 0 {
		return 0, -abi.EPERM
	}
	for i := uint(16); i < 32 && val&dr7Active != 0; i += 4 {
		if val>>i&3 == dr7Port {
			return 0, -abi.EPERM
		}
	}
	return val, 0
}

// debugNumber is the number of the register that n names: 4 and 5 stand for 6
// and 7.
func debugNumber(n uint64) uint64 {
	if n == 4 || n == 5 {
		return n + 2
	}
	return n
}

// hyperSetDebugreg is set_debugreg.
func hyperSetDebugreg(n, val, _, _, _ uint64) int64 {
	n = debugNumber(n)
	val, rc := debugValue(n, val)
	if rc != 0 {
		return rc
	}
	v := current()
	was := v.debugging()
	v.arch.debugReg[n&7] = val
	switch {
	case v.debugging():
		v.armDebug()
	case was:
		disarmDebug()
	}
	return 0
}

// hyperGetDebugreg is get_debugreg.
func hyperGetDebugreg(n, _, _, _, _ uint64) int64 {
	if n > 7 {
		return -abi.EINVAL
	}
	return int64(current().arch.debugReg[debugNumber(n)&7])
}

// setContextDebug takes the debug registers of a context.
func (v *VCPU) setContextDebug(regs *[8]uint64) int64 {
	v.resetDebug()
	for _, n := range [...]uint64{0, 1, 2, 3, 6, 7} {
		val, rc := debugValue(n, regs[n&7])
		if rc != 0 {
			v.resetDebug()
			return -abi.EINVAL
		}
		v.arch.debugReg[n&7] = val
	}
	return 0
}

// armDebug loads the breakpoints of v, which is current.
func (v *VCPU) armDebug() {
	d := &v.arch.debugReg
	if native {
		return
	}
	if !(loadDR0(d[0]) && loadDR1(d[1]) && loadDR2(d[2]) && loadDR3(d[3]) && loadDR6(dr6Fixed) && loadDR7(d[7])) {
		disarmDebug()
		v.unfit(unfitDebug, d[7])
	}
}

// disarmDebug turns all breakpoints off.
func disarmDebug() {
	if !native {
		bare.WriteDR7(dr7Fixed)
	}
}

// takeDebugStatus adds the causes of a #DB of v to the DR6 that its guest sees.
func (v *VCPU) takeDebugStatus() {
	v.arch.debugReg[6] |= bare.ReadDR6() & dr6Status
	bare.WriteDR6(dr6Fixed)
}

// debugInVMM serves #DB while the VMM runs. Either a copy from or to a guest hit one of the
// guest's breakpoints, or a load of SS before SYSCALL had held a breakpoint back. The guest
// is told of neither, as in Xen. Nothing steps through the VMM: if TF is set, that is
// wrong, and it is cleared. If RIP lies outside the VMM's code, the VMM has failed: the
// result is false. Inside, only a fault can have set a breakpoint: RF keeps it from
// striking again for ever.
func debugInVMM(r *regs) bool {
	m := &bare.Image
	bare.WriteDR6(dr6Fixed)
	r.RFLAGS = r.RFLAGS&^flagTF | flagRF
	return r.RIP-m.TextStart < m.TextEnd-m.TextStart
}
