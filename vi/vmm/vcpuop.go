package main

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/abi"
)

// hyperVcpuOp is vcpu_op.
func hyperVcpuOp(cmd, id, arg, _, _ uint64) int64 {
	d := current().domain
	if id >= uint64(d.nvcpus) {
		return -abi.ENOENT
	}
	v := d.vcpu[id]
	switch cmd {
	case abi.VcpuopInitialise:
		d.lk.lockPatiently()
		rc := int64(-abi.EEXIST)
		if !v.initOK {
			rc = initVCPU(v, arg)
		} else if again() {
			rc = 0
		}
		d.lk.unlock()
		return rc
	case abi.VcpuopUp:
		if !v.initOK {
			return -abi.EINVAL
		}
		if testAndClearFlag(&v.pause, pauseDown) {
			v.wake()
		}
	case abi.VcpuopDown:
		setBits(&v.pause, pauseDown)
		v.sleepNoSync()
	case abi.VcpuopIsUp:
		if v.pause&pauseDown == 0 {
			return 1
		}
	case abi.VcpuopGetRunstateInfo:
		var info abi.VcpuRunstateInfo
		v.runstate(&info)
		if !toGuest(arg, unsafe.Pointer(&info), uint64(unsafe.Sizeof(info))) {
			return -abi.EFAULT
		}
	case abi.VcpuopSetPeriodicTimer, abi.VcpuopStopPeriodicTimer:
		return v.setPeriodic(cmd == abi.VcpuopSetPeriodicTimer, arg)
	case abi.VcpuopSetSingleshotTimer:
		var s abi.VcpuSetSingleshotTimer
		if !fromGuest(unsafe.Pointer(&s), arg, uint64(unsafe.Sizeof(s))) {
			return -abi.EFAULT
		}
		if v != current() {
			return -abi.EINVAL
		}
		if s.Flags&abi.SingleshotFuture != 0 && int64(s.TimeoutAbsNS) < now() {
			return -abi.ETIME
		}
		v.singleshot.set(int64(s.TimeoutAbsNS & (1<<63 - 1)))
	case abi.VcpuopStopSingleshotTimer:
		v.singleshot.stop()
	case abi.VcpuopSendNMI:
		v.sendNMI()
	case abi.VcpuopRegisterVcpuInfo:
		var r abi.VcpuRegisterVcpuInfo
		if !fromGuest(unsafe.Pointer(&r), arg, uint64(unsafe.Sizeof(r))) {
			return -abi.EFAULT
		}
		d.lk.lockPatiently() // other vCPUs may register the same one's
		rc := v.registerInfo(mfn(r.MFN), uint64(r.Offset))
		d.lk.unlock()
		return rc
	case abi.VcpuopRegisterRunstate:
		return v.registerArea(&v.runstateVA, arg, uint64(unsafe.Sizeof(abi.VcpuRunstateInfo{})))
	case abi.VcpuopRegisterTimeArea:
		return v.registerArea(&v.timeVA, arg, uint64(unsafe.Sizeof(abi.VcpuTimeInfo{})))
	default:
		return -abi.ENOSYS
	}
	return 0
}

// runstate reports how long v has been in which state.
func (v *VCPU) runstate(info *abi.VcpuRunstateInfo) {
	q := &cpuByID(v.cpu).core.sched
	flags := q.lk.lockSave()
	info.State = int32(v.state)
	info.StateEntryTime = v.entryTime
	info.Time = v.stateTime
	if t := now() - int64(v.entryTime); t > 0 {
		info.Time[v.state&3] += uint64(t)
	}
	q.lk.unlockRestore(flags)
}

// Bounds of a periodic timer (Xen: MILLISECS(1), STIME_DELTA_MAX). One that expired
// more often than its handler can run would be all that its CPU does.
const (
	minPeriodNS = 1_000_000
	maxPeriodNS = 1 << 62
)

// setPeriodic starts or stops v's periodic timer.
func (v *VCPU) setPeriodic(on bool, arg uint64) int64 {
	var p abi.VcpuSetPeriodicTimer
	if on && !fromGuest(unsafe.Pointer(&p), arg, 8) {
		return -abi.EFAULT
	}
	if on && (p.PeriodNS < minPeriodNS || p.PeriodNS > maxPeriodNS) {
		return -abi.EINVAL
	}
	v.stopPeriodic()
	if on {
		atomic.StoreInt64(&v.periodNS, int64(p.PeriodNS))
		v.periodic.set(now() + v.periodNS)
	}
	return 0
}

// stopPeriodic stops v's periodic timer for good.
func (v *VCPU) stopPeriodic() {
	atomic.StoreInt64(&v.periodNS, 0)
	v.periodic.kill()
}

// initVCPU loads a vCPU that is down with the state at arg, a
// vcpu_guest_context, piece by piece into where the pieces belong.
func initVCPU(v *VCPU, arg uint64) int64 {
	var c *abi.VcpuGuestContext // for offsets
	a := &v.arch
	var flags, ctrl [4]uint64
	var stack [2]uint64
	var calls [3]uint64
	var bases [3]uint64
	var gdt [abi.FirstReservedGDTPage]uint64
	var ents uint64
	at := func(p unsafe.Pointer, off, n uintptr) bool {
		return fromGuest(p, arg+uint64(off), uint64(n))
	}
	if !at(unsafe.Pointer(&a.fpu), unsafe.Offsetof(c.FPU), 512) ||
		!at(unsafe.Pointer(&flags), unsafe.Offsetof(c.Flags), 8) ||
		!at(unsafe.Pointer(&a.regs), unsafe.Offsetof(c.Regs), unsafe.Sizeof(c.Regs)) ||
		!at(unsafe.Pointer(a.traps), unsafe.Offsetof(c.Traps), unsafe.Sizeof(c.Traps)) ||
		!at(unsafe.Pointer(&gdt), unsafe.Offsetof(c.GDTFrames), unsafe.Sizeof(gdt)) ||
		!at(unsafe.Pointer(&ents), unsafe.Offsetof(c.GDTEnts), 8) ||
		!at(unsafe.Pointer(&stack), unsafe.Offsetof(c.KernelSS), 16) ||
		!at(unsafe.Pointer(&ctrl), unsafe.Offsetof(c.CtrlReg), 32) ||
		!at(unsafe.Pointer(&calls), unsafe.Offsetof(c.EventCallback), 24) ||
		!at(unsafe.Pointer(&bases), unsafe.Offsetof(c.FSBase), 24) {
		return -abi.EFAULT
	}
	if flags[0]&abi.VGCFInKernel == 0 {
		return -abi.EINVAL
	}
	if flags[0]&abi.VGCFI387Valid == 0 {
		initFPU(&a.fpu)
	}
	root := mfn(abi.XenCR3ToPFN(ctrl[3]))
	if rc := getPageAndType(root, v.domain, ptL4); rc != 0 {
		return rc
	}
	if ents != 0 {
		if rc := setGDT(v, &gdt, uint32(min(ents, 1<<20))); rc != 0 {
			putPageAndType(pageOf(root))
			return rc
		}
	}
	if user := mfn(abi.XenCR3ToPFN(ctrl[1])); user != 0 {
		if getPageAndType(user, v.domain, ptL4) == 0 {
			a.guestTableUser = user
		}
	}
	setFrame(&a.guestTable, root)
	a.kernelSS, a.kernelSP = stack[0], stack[1]
	a.event, a.failsafe, a.syscall = calls[0], calls[1], calls[2]
	a.fsBase, a.gsKernel, a.gsUser = bases[0], bases[1], bases[2]
	a.flags = inKernelMode | uint32(flags[0])&(abi.VGCFFailsafeDisableEvents|abi.VGCFSyscallDisableEvents)
	a.iopl = uint32(a.regs.RFLAGS >> 12 & 3)
	sanitize(&a.regs)
	v.initOK = true
	return 0
}

// sanitize makes registers fit for ring 3.
func sanitize(r *regs) {
	r.CS |= 3
	r.SS |= 3
	r.RFLAGS = r.RFLAGS&^(3<<12|1<<14|1<<17) | flagIF | 2
	r.EntryVector = 3
	r.DS, r.ES, r.FS, r.GS = 0, 0, 0, 0
}

// initFPU is the state after FNINIT with default MXCSR in FXSAVE's layout
// (AMD APM vol. 1, 11.4.4).
func initFPU(p *[512]byte) {
	*p = [512]byte{}
	p[0], p[1] = 0x7f, 0x03
	p[24], p[25] = 0x80, 0x1f
}
