package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// What domctl and sysctl tell about domains.

// domainInfo is DOMCTL_getdomaininfo.
func domainInfo(d *Domain, info *abi.DomctlDomainInfo) {
	*info = abi.DomctlDomainInfo{Domain: d.id, TotPages: d.totPages, MaxPages: d.maxPages, Handle: d.handle}
	info.SharedInfoFrame = uint64(frameOfAddr(unsafe.Pointer(d.shared)))
	flags := uint32(abi.DominfBlocked)
	for i := uint32(0); i < d.nvcpus; i++ {
		v := d.vcpu[i]
		var r abi.VcpuRunstateInfo
		v.runstate(&r)
		info.CPUTime += r.Time[abi.RunstateRunning]
		if v.pause&pauseDown != 0 {
			continue
		}
		info.NrOnlineVcpus++
		if v.pause&pauseBlocked == 0 {
			flags &^= abi.DominfBlocked
		}
		if r.State == abi.RunstateRunning {
			flags |= abi.DominfRunning
		}
	}
	info.MaxVcpuID = d.nvcpus - 1 // all ones without vCPUs
	if d.paused() {
		flags |= abi.DominfPaused
	}
	if d.shutdown {
		flags |= abi.DominfShutdown | (d.shutdownCode&0xff)<<abi.DominfShutdownShift
	}
	if d.dying {
		flags |= abi.DominfDying
	}
	info.Flags = flags
}

// vcpuInfo is DOMCTL_getvcpuinfo.
func vcpuInfo(d *Domain, info *abi.DomctlVcpuInfo) int64 {
	v := d.vcpuByID(info.Vcpu)
	if v == nil {
		return -abi.ESRCH
	}
	var r abi.VcpuRunstateInfo
	v.runstate(&r)
	*info = abi.DomctlVcpuInfo{Vcpu: v.id, CPUTime: r.Time[abi.RunstateRunning], CPU: v.cpu}
	info.Online = flag8(v.pause&pauseDown == 0)
	info.Blocked = flag8(v.pause&pauseBlocked != 0)
	info.Running = flag8(r.State == abi.RunstateRunning)
	return 0
}

func flag8(on bool) uint8 {
	if on {
		return 1
	}
	return 0
}

// pageFrameInfo is DOMCTL_getpageframeinfo3: the types of a list of frames.
func pageFrameInfo(d *Domain, p *abi.DomctlPageFrames) int64 {
	if p.Num > abi.DomctlGetPageFrameMax {
		return -abi.E2BIG
	}
	for i := uint64(0); i < p.Num; i++ {
		var f uint64
		at := p.Array + i*8
		if !fromGuest(unsafe.Pointer(&f), at, 8) {
			return -abi.EFAULT
		}
		f = frameType(d, mfn(f))
		if !toGuest(at, unsafe.Pointer(&f), 8) {
			return -abi.EFAULT
		}
	}
	return 0
}

// frameType is a frame's type as getpageframeinfo3 has it.
func frameType(d *Domain, m mfn) uint64 {
	if !frameOK(m) || !pageOf(m).get(d) {
		return abi.PageFrameXTab
	}
	p := pageOf(m)
	t := uint64(0)
	if isTableType(p.typ) {
		t = p.typ & ptTypeMask >> ptTypeShift << abi.PageFrameShift
	}
	if p.typ&ptPinned != 0 {
		t |= abi.PageFramePinned
	}
	p.put()
	return t
}
