package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// hyperEventChannelOp is event_channel_op. All arguments fit in a buffer of
// the largest; its first words are read and written back.
func hyperEventChannelOp(cmd, arg, _, _, _ uint64) int64 {
	d := current().domain
	var buf [3]uint64 // as large as the largest
	p := unsafe.Pointer(&buf)
	n := evtchnArgSize(cmd)
	if n == 0 {
		return -abi.ENOSYS
	}
	if !fromGuest(p, arg, n) {
		return -abi.EFAULT
	}
	var rc int64
	switch cmd {
	case abi.EvtchnopAllocUnbound:
		a := (*abi.EvtchnAllocUnbound)(p)
		var of *Domain
		if of, rc = target(a.Dom); rc != 0 {
			return rc
		}
		if a.RemoteDom == abi.DomidSelf {
			a.RemoteDom = d.id
		}
		a.Port, rc = allocUnbound(of, a.RemoteDom)
		putTarget(of)
	case abi.EvtchnopBindInterdomain:
		a := (*abi.EvtchnBindInterdomain)(p)
		if a.RemoteDom == abi.DomidSelf {
			a.RemoteDom = d.id
		}
		r := findDomain(a.RemoteDom)
		if r == nil {
			return -abi.ESRCH
		}
		a.LocalPort, rc = bindInterdomain(d, r, a.RemotePort)
		r.put()
	case abi.EvtchnopBindVirq:
		a := (*abi.EvtchnBindVirq)(p)
		a.Port, rc = bindVIRQ(d, a.Virq, a.Vcpu)
	case abi.EvtchnopBindPirq:
		a := (*abi.EvtchnBindPirq)(p)
		a.Port, rc = bindPirq(d, a.Pirq, a.Flags)
	case abi.EvtchnopBindIPI:
		a := (*abi.EvtchnBindIPI)(p)
		a.Port, rc = bindIPI(d, a.Vcpu)
	case abi.EvtchnopStatus:
		a := (*abi.EvtchnStatus)(p)
		var of *Domain
		if of, rc = target(a.Dom); rc != 0 {
			return rc
		}
		rc = portStatus(of, a)
		putTarget(of)
	case abi.EvtchnopSend:
		return sendEvent(d, (*abi.EvtchnPort)(p).Port)
	case abi.EvtchnopUnmask:
		return unmask(d, (*abi.EvtchnPort)(p).Port)
	case abi.EvtchnopClose:
		return closePort(d, (*abi.EvtchnPort)(p).Port)
	case abi.EvtchnopReset:
		if self(*(*uint16)(p)) == nil {
			return -abi.EPERM
		}
		if !closeAllPorts(d, true) {
			return continueHypercall(abi.HypercallEventChannelOp, cmd, arg, 0, 0)
		}
		d.stopFIFO()
		return 0
	case abi.EvtchnopBindVcpu:
		a := (*abi.EvtchnBindVcpu)(p)
		return bindVcpu(d, a.Port, a.Vcpu)
	case abi.EvtchnopInitControl:
		rc = initControl(d, (*abi.EvtchnInitControl)(p))
	case abi.EvtchnopExpandArray:
		return expandArray(d, mfn((*abi.EvtchnExpandArray)(p).ArrayGFN))
	case abi.EvtchnopSetPriority:
		a := (*abi.EvtchnSetPriority)(p)
		return setPriority(d, a.Port, a.Priority)
	}
	if rc == 0 && !toGuest(arg, p, n) {
		return -abi.EFAULT
	}
	return rc
}

// evtchnArgSize is the size of a command's argument, 0 for unknown commands.
func evtchnArgSize(cmd uint64) uint64 {
	switch cmd {
	case abi.EvtchnopAllocUnbound:
		return uint64(unsafe.Sizeof(abi.EvtchnAllocUnbound{}))
	case abi.EvtchnopBindInterdomain:
		return uint64(unsafe.Sizeof(abi.EvtchnBindInterdomain{}))
	case abi.EvtchnopBindVirq:
		return uint64(unsafe.Sizeof(abi.EvtchnBindVirq{}))
	case abi.EvtchnopBindPirq:
		return uint64(unsafe.Sizeof(abi.EvtchnBindPirq{}))
	case abi.EvtchnopBindIPI, abi.EvtchnopBindVcpu:
		return uint64(unsafe.Sizeof(abi.EvtchnBindIPI{}))
	case abi.EvtchnopReset:
		return uint64(unsafe.Sizeof(abi.EvtchnReset{}))
	case abi.EvtchnopStatus:
		return uint64(unsafe.Sizeof(abi.EvtchnStatus{}))
	case abi.EvtchnopInitControl:
		return uint64(unsafe.Sizeof(abi.EvtchnInitControl{}))
	case abi.EvtchnopExpandArray:
		return uint64(unsafe.Sizeof(abi.EvtchnExpandArray{}))
	case abi.EvtchnopSetPriority:
		return uint64(unsafe.Sizeof(abi.EvtchnSetPriority{}))
	case abi.EvtchnopSend, abi.EvtchnopUnmask, abi.EvtchnopClose:
		return uint64(unsafe.Sizeof(abi.EvtchnPort{}))
	}
	return 0
}
