package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// hyperSysctl is sysctl: the control domain's questions about the machine.
func hyperSysctl(arg, _, _, _, _ uint64) int64 {
	var op abi.Sysctl
	const size = uint64(unsafe.Sizeof(op))
	if !current().domain.privileged {
		return -abi.EPERM
	}
	if !fromGuest(unsafe.Pointer(&op), arg, size) {
		return -abi.EFAULT
	}
	if op.Version != abi.SysctlVersion {
		return -abi.EACCES
	}
	if !domctlLock.tryLock() {
		raiseSoft(softSchedule)
		return continueHypercall(abi.HypercallSysctl, arg, 0, 0, 0)
	}
	p := unsafe.Pointer(&op.U)
	rc := int64(-abi.ENOSYS)
	switch op.Cmd {
	case abi.SysctlReadConsole:
		rc = readConsole((*abi.SysctlConsole)(p))
	case abi.SysctlPhysInfo:
		physInfo((*abi.SysctlPhysical)(p))
		rc = 0
	case abi.SysctlSchedID:
		op.U[0] = abi.SchedulerCredit
		rc = 0
	case abi.SysctlDomainList:
		rc = domainInfoList((*abi.SysctlDomains)(p))
	}
	domctlLock.unlock()
	if rc == 0 && !toGuest(arg, unsafe.Pointer(&op), size) {
		return -abi.EFAULT
	}
	return rc
}

// physInfo describes the machine.
func physInfo(p *abi.SysctlPhysical) {
	n := nrCPUs()
	*p = abi.SysctlPhysical{ThreadsPerCore: 1, CoresPerSocket: n, NrCPUs: n, MaxCPUID: n - 1, NrNodes: 1,
		CPUKHz: uint32(params.tscHz / 1000), Capabilities: abi.PhyscapPV,
		TotalPages: frames.n, FreePages: heap.nfree, MaxMFN: frames.n - 1}
}

// domainInfoList describes the domains from an id on, in order of id.
func domainInfoList(l *abi.SysctlDomains) int64 {
	const size = uint64(unsafe.Sizeof(abi.DomctlDomainInfo{}))
	l.Num = 0
	id := uint32(l.First)
	for l.Num < l.Max {
		d := domainFrom(id)
		if d == nil {
			break
		}
		var info abi.DomctlDomainInfo
		domainInfo(d, &info)
		id = uint32(d.id) + 1
		d.put()
		if !toGuest(l.Buffer+uint64(l.Num)*size, unsafe.Pointer(&info), size) {
			return -abi.EFAULT
		}
		l.Num++
	}
	return 0
}

// readConsole copies what the hypervisor's console printed last.
func readConsole(c *abi.SysctlConsole) int64 {
	var chunk [64]byte
	flags := lockConsole()
	from, to := conring.cons, conring.prod
	unlockConsole(flags)
	if c.Incremental != 0 {
		from = c.Index
	}
	if to-from > conringSize {
		from = to - conringSize
	}
	n := min(to-from, c.Count)
	for done := uint32(0); done < n; {
		k := min(n-done, uint32(len(chunk)))
		for i := uint32(0); i < k; i++ {
			chunk[i&63] = conring.buf[(from+done+i)%conringSize]
		}
		if !toGuest(c.Buffer+uint64(done), unsafe.Pointer(&chunk), uint64(k)) {
			return -abi.EFAULT
		}
		done += k
	}
	if c.Clear != 0 {
		conring.cons = to
	}
	c.Count, c.Index = n, from+n
	return 0
}
