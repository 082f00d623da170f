package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// Hypercalls about the processor state of the calling vCPU.

// hyperSetTrapTable is set_trap_table: entries up to one without address; a
// null pointer clears the table.
func hyperSetTrapTable(list, _, _, _, _ uint64) int64 {
	v := current()
	if list == 0 {
		*v.arch.traps = [abi.TrapVectorCount]abi.TrapInfo{}
		return 0
	}
	for {
		if preemptCheck() {
			return continueHypercall(abi.HypercallSetTrapTable, list, 0, 0, 0)
		}
		var t abi.TrapInfo
		if !fromGuest(unsafe.Pointer(&t), list, uint64(unsafe.Sizeof(t))) {
			return -abi.EFAULT
		}
		if t.Address == 0 {
			return 0
		}
		if !canonical(t.Address) {
			return -abi.EINVAL
		}
		v.arch.traps[t.Vector] = t
		list += uint64(unsafe.Sizeof(t))
	}
}

func canonical(va uint64) bool { return va+1<<47 < 1<<48 }

// hyperSetCallbacks is set_callbacks: event, failsafe, syscall.
func hyperSetCallbacks(event, failsafe, syscall, _, _ uint64) int64 {
	if !canonical(event) || !canonical(failsafe) || !canonical(syscall) {
		return -abi.EINVAL
	}
	a := &current().arch
	a.event, a.failsafe, a.syscall = event, failsafe, syscall
	return 0
}

// hyperCallbackOp is callback_op: one entry point.
func hyperCallbackOp(cmd, arg, _, _, _ uint64) int64 {
	var c abi.CallbackRegister
	if cmd != abi.CallbackOpRegister && cmd != abi.CallbackOpUnregister {
		return -abi.ENOSYS
	}
	if !fromGuest(unsafe.Pointer(&c), arg, uint64(unsafe.Sizeof(c))) {
		return -abi.EFAULT
	}
	if cmd == abi.CallbackOpUnregister {
		return unregisterCallback(c.Type)
	}
	if !canonical(c.Address) {
		return -abi.EINVAL
	}
	a := &current().arch
	flag := uint32(0)
	switch c.Type {
	case abi.CallbackTypeEvent:
		a.event = c.Address
	case abi.CallbackTypeFailsafe:
		a.failsafe, flag = c.Address, abi.VGCFFailsafeDisableEvents
	case abi.CallbackTypeSyscall:
		a.syscall, flag = c.Address, abi.VGCFSyscallDisableEvents
	case abi.CallbackTypeSyscall32:
		a.syscall32, a.maskSyscall32 = c.Address, c.Flags&abi.CallbackMaskEvents != 0
	case abi.CallbackTypeNMI:
		a.traps[trapNMI] = abi.TrapInfo{Vector: trapNMI, Flags: abi.TrapMaskEvents, Address: c.Address}
	case abi.CallbackTypeSysenter:
		// Accepted and never called: the processor has no SYSENTER in long mode.
	default:
		return -abi.ENOSYS
	}
	a.flags &^= flag
	if c.Flags&abi.CallbackMaskEvents != 0 {
		a.flags |= flag
	}
	return 0
}

// unregisterCallback ends the callbacks that a guest can do without.
func unregisterCallback(kind uint16) int64 {
	a := &current().arch
	switch kind {
	case abi.CallbackTypeEvent, abi.CallbackTypeFailsafe, abi.CallbackTypeSyscall:
		return -abi.EINVAL
	case abi.CallbackTypeNMI:
		a.traps[trapNMI] = abi.TrapInfo{}
	case abi.CallbackTypeSyscall32:
		a.syscall32 = 0
	case abi.CallbackTypeSysenter:
	default:
		return -abi.ENOSYS
	}
	return 0
}

// hyperStackSwitch is stack_switch: where user mode enters the kernel.
func hyperStackSwitch(ss, sp, _, _, _ uint64) int64 {
	a := &current().arch
	a.kernelSS, a.kernelSP = ss|3, sp
	return 0
}

// hyperFPUTaskswitch is fpu_taskswitch: the guest's CR0.TS.
func hyperFPUTaskswitch(set, _, _, _, _ uint64) int64 {
	current().arch.fpuTS = set & 1
	this().guestTS = set&1 != 0
	return 0
}

// hyperSetSegmentBase is set_segment_base. The bases in registers are those
// of the running vCPU; they reach memory at the next context switch, but for the kernel's
// GS, by which recovery tells the two of GS apart (kernelHas). The user mode's GS base waits
// in KernelGSBase while the guest's kernel runs.
func hyperSetSegmentBase(which, base, _, _, _ uint64) int64 {
	if which != abi.SegbaseGSUserSel && !canonical(base) {
		return -abi.EINVAL
	}
	msr := uint32(0)
	switch which {
	case abi.SegbaseFS:
		msr = msrFSBase
	case abi.SegbaseGSUser:
		msr = msrKernelGSBase
	case abi.SegbaseGSKernel:
		msr = msrGSBase
	case abi.SegbaseGSUserSel:
		current().loadUserGS(uint16(base))
		return 0
	default:
		return -abi.EINVAL
	}
	if !setMSR(msr, base) {
		return -abi.EINVAL
	}
	if which == abi.SegbaseGSKernel {
		current().arch.gsKernel = base
	}
	return 0
}

// hyperSetGDT is set_gdt.
func hyperSetGDT(list, entries, _, _, _ uint64) int64 {
	var f [abi.FirstReservedGDTPage]uint64
	n := (entries + 511) / 512
	if n > uint64(len(f)) || !fromGuest(unsafe.Pointer(&f), list, n*8) {
		return -abi.EINVAL
	}
	v := current()
	rc := setGDT(v, &f, uint32(entries))
	if rc == 0 {
		flags := irqSave()
		loadGDT(this(), v)
		flushLocal()
		irqRestore(flags)
	}
	return rc
}

// hyperUpdateDescriptor is update_descriptor.
func hyperUpdateDescriptor(at, desc, _, _, _ uint64) int64 {
	d := current().domain
	m := mfn(at >> pageShift)
	if at&7 != 0 || !frameOK(m) || !pageOf(m).get(d) {
		return -abi.EINVAL
	}
	p := pageOf(m)
	rc := int64(-abi.EINVAL)
	desc, okay := checkDescriptor(desc)
	t := uint64(ptWritable)
	if p.typ&ptCount != 0 {
		t = p.typ & ptTypeMask
	}
	if okay && (t == ptWritable || t == ptSegDesc) && p.getType(t) == 0 {
		tableAt(m)[at&pageMask/8] = desc
		p.putType()
		rc = 0
	}
	p.put()
	return rc
}

// hyperIret is iret: the guest's kernel returns from an entry. Its stack
// pointer names an iret_context; RPL 3 in CS means user mode.
func hyperIret(_, _, _, _, _ uint64) int64 {
	v := current()
	r := guestRegs()
	v.arch.mc.returned = true
	var c abi.IretContext
	if !fromGuest(unsafe.Pointer(&c), r.RSP, uint64(unsafe.Sizeof(c))) {
		v.domain.crash("iret: bad stack", r.RSP)
		return 0
	}
	if c.CS&3 == 3 {
		if v.arch.guestTableUser == 0 {
			v.domain.crash("iret: no user address space, rip", c.RIP)
			return 0
		}
		v.toggleMode()
	}
	next := v.draft(r)
	if c.Flags&abi.VGCFInSyscall == 0 {
		next.EntryVector = 3
		next.RCX, next.R11 = c.RCX, c.R11
	} else {
		next.EntryVector = trapSyscall
		next.RCX, next.R11 = c.RIP, c.RFLAGS
	}
	next.RIP, next.RSP = c.RIP, c.RSP
	next.CS, next.SS = uint16(c.CS)|3, uint16(c.SS)|3
	v.arch.drafted |= nextFlow | nextReturn
	next.RFLAGS = c.RFLAGS&^(3<<12|1<<14|1<<17) | flagIF | 2
	if v.domain.architecturalIOPL() {
		v.arch.iopl = uint32(c.RFLAGS >> 12 & 3)
	}
	mask := uint8(1)
	if c.RFLAGS&flagIF != 0 {
		mask = 0
	}
	v.info.EvtchnUpcallMask = mask
	if v.arch.nmi != 0 {
		clearBits(&v.arch.nmi, nmiBlocked)
	}
	return int64(c.RAX)
}
