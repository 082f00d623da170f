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
		d.lk.lockPatiently() // another vCPU may register this one's at the same time
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
	q, flags := v.lockQueue()
	info.State = int32(v.state)
	info.StateEntryTime = v.entryTime
	info.Time = v.stateTime
	if t := now() - int64(v.entryTime); t > 0 {
		info.Time[v.state&3] += uint64(t)
	}
	q.lk.unlockRestore(flags)
}

// Bounds of a periodic timer (Xen: MILLISECS(1), STIME_DELTA_MAX). With a shorter
// period the CPU would do nothing but run the timer's handler.
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
