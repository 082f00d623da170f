package main

import (
	"sync/atomic"

	"resvirt/vi/abi"
)

// How events travel: from a port or a virtual interrupt to the vCPU that is told,
// whichever interface its guest uses.

// markPending asks for an upcall and makes sure that v soon takes it.
func (v *VCPU) markPending() {
	if v.info.EvtchnUpcallPending != 0 {
		return
	}
	v.info.EvtchnUpcallPending = 1
	v.unblock()
	v.kick()
}

// kick makes v, if it runs on another CPU, pass through the hypervisor.
func (v *VCPU) kick() {
	if atomic.LoadUint32(&v.isRunning) != 0 && v != current() {
		sendEventCheck(v.cpu)
	}
}

// eventsPending says whether v would take an upcall now.
func (v *VCPU) eventsPending() bool {
	return v.info != nil && v.info.EvtchnUpcallPending != 0 && v.info.EvtchnUpcallMask == 0
}

// wakePollers ends SCHEDOP_poll of the vCPUs that wait for the port.
func wakePollers(d *Domain, port uint32) {
	mask := atomic.LoadUint64(&d.pollMask)
	for i := uint32(0); mask != 0 && i < d.nvcpus; i++ {
		v := d.vcpu[i]
		if mask>>i&1 != 0 && (v.pollPort == ^uint32(0) || v.pollPort == port) &&
			testAndClear(&d.pollMask, uint(i)) {
			v.pollPort = 0
			v.unblock()
		}
	}
}

// sendVIRQ raises a virtual interrupt of v, if the guest bound it.
func sendVIRQ(v *VCPU, virq uint32) {
	flags := v.virqLock.lockSave()
	if port := v.virqPort[virq%abi.NumVirqs]; port != 0 {
		setPending(v, port)
	}
	v.virqLock.unlockRestore(flags)
}

// sendEvent is EVTCHNOP_send.
func sendEvent(d *Domain, port uint32) int64 {
	d.eventLock.lock()
	e := d.port(port)
	rc := int64(0)
	switch {
	case e == nil:
		rc = -abi.EINVAL
	case e.consumer != 0:
		d.consoleNotified()
	case e.state == abi.EvtchnstatInterdomain:
		r := e.remote.port(e.remotePort)
		setPending(e.remote.vcpu[r.vcpu%maxVCPUs], e.remotePort)
	case e.state == abi.EvtchnstatIPI:
		setPending(d.vcpu[e.vcpu%maxVCPUs], port)
	case e.state == abi.EvtchnstatUnbound:
		// Nobody listens: the event is lost, which is not an error.
	default:
		rc = -abi.EINVAL
	}
	d.eventLock.unlock()
	return rc
}

// unmask is EVTCHNOP_unmask: a pending port is raised again.
func unmask(d *Domain, port uint32) int64 {
	d.eventLock.lock()
	rc := int64(0)
	if e := d.port(port); e == nil {
		rc = -abi.EINVAL
	} else {
		d.unmaskPort(d.vcpu[e.vcpu%maxVCPUs], port)
	}
	d.eventLock.unlock()
	return rc
}
