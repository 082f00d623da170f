package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// domctlLock serialises domctl and sysctl, as in Xen.
var domctlLock spinlock

// errContinue is what a command returns that has to make way and go on later;
// guests never see it.
const errContinue = -abi.ERESTART

// hyperDomctl is domctl: the control domain's operations on domains. The
// structure at arg is read, and written back with the results.
func hyperDomctl(arg, _, _, _, _ uint64) int64 {
	var op abi.Domctl
	const size = uint64(unsafe.Sizeof(op))
	if !current().domain.privileged {
		return -abi.EPERM
	}
	if !fromGuest(unsafe.Pointer(&op), arg, size) {
		return -abi.EFAULT
	}
	if op.Version != abi.DomctlVersion {
		return -abi.EACCES
	}
	if !domctlLock.tryLock() {
		raiseSoft(softSchedule)
		return continueHypercall(abi.HypercallDomctl, arg, 0, 0, 0)
	}
	d, rc := domctlTarget(&op)
	if rc == 0 {
		rc = domctl(d, &op)
	}
	domctlLock.unlock()
	if d != nil {
		d.put() // with the last reference a domain goes
	}
	if rc == errContinue {
		return continueHypercall(abi.HypercallDomctl, arg, 0, 0, 0)
	}
	if rc == 0 && !toGuest(arg, unsafe.Pointer(&op), size) {
		return -abi.EFAULT
	}
	return rc
}

// domctlTarget is the domain that a command is about, with a reference; nil
// where the command is to make one.
func domctlTarget(op *abi.Domctl) (*Domain, int64) {
	if op.Cmd == abi.DomctlCreate {
		return nil, 0
	}
	d := lookupDomain(op.Domain)
	self := current().domain
	switch {
	case d == nil && op.Cmd == abi.DomctlDestroy && again():
		return nil, 0 // it was destroyed before a recovery
	case d == nil:
		return nil, -abi.ESRCH
	case op.Cmd == abi.DomctlGetInfo || op.Cmd == abi.DomctlGetVcpuInfo || op.Cmd == abi.DomctlSchedulerOp:
		return d, 0
	case d == self:
		return d, -abi.EINVAL // no domain pauses or changes itself
	case d.dying && op.Cmd != abi.DomctlDestroy:
		return d, -abi.ESRCH
	}
	return d, 0
}

// domctl executes a command. domctlLock is held.
func domctl(d *Domain, op *abi.Domctl) int64 {
	p := unsafe.Pointer(&op.U)
	switch op.Cmd {
	case abi.DomctlCreate:
		return domctlCreate(op, (*abi.DomctlCreateDomain)(p))
	case abi.DomctlDestroy:
		return domctlDestroy(d)
	case abi.DomctlPause:
		return changePauses(d, 1)
	case abi.DomctlUnpause:
		return changePauses(d, -1)
	case abi.DomctlGetInfo:
		domainInfo(d, (*abi.DomctlDomainInfo)(p))
		return 0
	case abi.DomctlMaxMem:
		d.pageLock.lock()
		d.maxPages = op.U[0] >> 2 // KiB
		d.pageLock.unlock()
		return 0
	case abi.DomctlMaxVcpus:
		return domctlMaxVCPUs(d, uint32(op.U[0]))
	case abi.DomctlSetVcpuContext, abi.DomctlGetVcpuContext:
		return domctlContext(d, (*abi.DomctlVcpuContext)(p), op.Cmd == abi.DomctlSetVcpuContext)
	case abi.DomctlGetVcpuInfo:
		return vcpuInfo(d, (*abi.DomctlVcpuInfo)(p))
	case abi.DomctlSetAffinity, abi.DomctlGetAffinity:
		return domctlAffinity(d, (*abi.DomctlAffinity)(p), op.Cmd == abi.DomctlSetAffinity)
	case abi.DomctlSchedulerOp:
		return domctlScheduler(d, (*abi.DomctlScheduler)(p))
	case abi.DomctlHypercallInit:
		return domctlHypercallPage(d, mfn(op.U[0]))
	case abi.DomctlAssignDevice, abi.DomctlDeassignDevice, abi.DomctlTestAssign:
		return domctlDevice(d, op.Cmd, (*abi.DomctlDevice)(p))
	case abi.DomctlIOMemPermission:
		return domctlIOMem(d, (*abi.DomctlIOMemAccess)(p))
	case abi.DomctlPortPermission:
		return domctlPorts(d, (*abi.DomctlPortAccess)(p))
	case abi.DomctlIRQPermission:
		return domctlIRQ(d, (*abi.DomctlIRQAccess)(p))
	case abi.DomctlGetPageFrames:
		return pageFrameInfo(d, (*abi.DomctlPageFrames)(p))
	}
	return -abi.ENOSYS
}
