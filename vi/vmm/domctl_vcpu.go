package main

import (
	"math/bits"
	"unsafe"

	"resvirt/vi/abi"
)

// The commands of domctl about vCPUs and where a domain starts.

// vcpuByID is one of the domain's vCPUs, nil if there is no such.
func (d *Domain) vcpuByID(id uint32) *VCPU {
	if id >= d.nvcpus || id >= maxVCPUs {
		return nil
	}
	return d.vcpu[id]
}

// domctlContext sets or reads the registers of a vCPU of a paused domain.
func domctlContext(d *Domain, c *abi.DomctlVcpuContext, set bool) int64 {
	v := d.vcpuByID(c.Vcpu)
	switch {
	case v == nil:
		return -abi.ESRCH
	case !d.paused():
		return -abi.EBUSY
	case !set:
		return saveVCPU(v, c.Context)
	}
	d.lk.lockPatiently()
	setBits(&v.pause, pauseDown) // also if the new state is refused: the old one is gone
	v.initOK = false
	setBits(&v.pause, pauseDown) // if this fails it has no address space to run in
	dropTables(v)
	rc := initVCPU(v, c.Context)
	d.lk.unlock()
	if rc != 0 {
		return rc
	}
	var flags uint64
	if !fromGuest(unsafe.Pointer(&flags), c.Context+uint64(unsafe.Offsetof(abi.VcpuGuestContext{}.Flags)), 8) {
		return -abi.EFAULT
	}
	if flags&abi.VGCFOnline != 0 {
		clearBits(&v.pause, pauseDown)
	}
	return 0
}

// domctlAffinity tells or changes which CPU a vCPU of a paused domain is on. A
// vCPU is pinned to one CPU: a set of several stands for the first of them.
func domctlAffinity(d *Domain, a *abi.DomctlAffinity, set bool) int64 {
	v := d.vcpuByID(a.Vcpu)
	if v == nil {
		return -abi.EINVAL
	}
	bytes := min(uint64(a.Hard.NrBits+7)/8, 8)
	if a.Flags != abi.AffinityHard || bytes == 0 {
		return -abi.EINVAL
	}
	var mask uint64
	if set {
		if !fromGuest(unsafe.Pointer(&mask), a.Hard.Bits, bytes) {
			return -abi.EFAULT
		}
		mask &= cpusOnline()
		if mask == 0 {
			return -abi.EINVAL
		}
		cpu := uint32(bits.TrailingZeros64(mask))
		if cpu != v.cpu && !d.paused() {
			return -abi.EBUSY
		}
		if cpu != v.cpu && cpuFull(cpu) {
			return -abi.ENOSPC
		}
		if cpu != v.cpu {
			v.moveTo(cpu)
		}
	}
	mask = 1 << v.cpu
	if !toGuest(a.Hard.Bits, unsafe.Pointer(&mask), bytes) {
		return -abi.EFAULT
	}
	return 0
}

// domctlScheduler tells or changes a domain's weight. There are no caps.
func domctlScheduler(d *Domain, s *abi.DomctlScheduler) int64 {
	if s.SchedID != abi.SchedulerCredit {
		return -abi.EINVAL
	}
	switch s.Cmd {
	case abi.SchedopPutInfo:
		if s.Cap != 0 {
			return -abi.EOPNOTSUPP
		}
		if s.Weight != 0 { // as in Xen, 0 leaves the weight as it is
			d.weight = uint32(s.Weight)
		}
	case abi.SchedopGetInfo:
		s.Weight, s.Cap = uint16(d.weight), 0
	default:
		return -abi.EINVAL
	}
	return 0
}

// domctlHypercallPage fills a frame of the domain with the hypercall stubs.
func domctlHypercallPage(d *Domain, m mfn) int64 {
	if rc := getPageAndType(m, d, ptWritable); rc != 0 {
		return rc
	}
	fillHypercallPage((*[pageSize]byte)(frameAddr(m)))
	putPageAndType(pageOf(m))
	return 0
}
