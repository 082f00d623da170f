package main

import (
	"sync/atomic"

	"resvirt/vi/abi"
)

// evtchn is one end of an event channel.
type evtchn struct {
	state      uint8 // abi.EvtchnstatX
	virq       uint8
	remoteID   uint16 // unbound: who may bind
	vcpu       uint32 // the vCPU that is told
	remotePort uint32
	consumer   uint8 // interdomain: the other end is the hypervisor's, see serveConsole
	_          [3]uint8
	remote     *Domain // interdomain: holds a reference
}

const (
	evtchnPerBucket = 128
	evtchnBuckets   = 32
	maxPorts        = evtchnPerBucket * evtchnBuckets
)

type evtchnBucket [evtchnPerBucket]evtchn

// addBucket makes room for more ports. Port 0 is never given out.
func (d *Domain) addBucket() bool {
	for i := range d.buckets {
		if d.buckets[i] == nil {
			m := allocHeapPage()
			if m == 0 {
				return false
			}
			d.buckets[i] = (*evtchnBucket)(frameAddr(m))
			return true
		}
	}
	return false
}

// port is one of d's event channels, nil if there is no such port.
func (d *Domain) port(n uint32) *evtchn {
	if n == 0 || n >= maxPorts || d.buckets[n/evtchnPerBucket%evtchnBuckets] == nil {
		return nil
	}
	return &d.buckets[n/evtchnPerBucket%evtchnBuckets][n%evtchnPerBucket]
}

// freePort finds a closed port; d.eventLock is held.
func (d *Domain) freePort() uint32 {
	assert(d.eventLock.held())
	for n := uint32(1); n < maxPorts; n++ {
		e := d.port(n)
		if e == nil {
			if !d.addBucket() {
				return 0
			}
			e = d.port(n)
		}
		if e.state == abi.EvtchnstatClosed {
			return n
		}
	}
	return 0
}

// setPending raises a port towards v: pending word, selector, upcall flag, in
// that order, each only if the one before was not set yet.
func setPending(v *VCPU, port uint32) {
	s := v.domain.shared
	if testAndSet(&s.EvtchnPending[port/64], uint(port%64)) {
		return
	}
	if atomic.LoadUint64(&s.EvtchnMask[port/64])>>(port%64)&1 == 0 &&
		!testAndSet(&v.info.EvtchnPendingSel, uint(port/64)) {
		v.markPending()
	}
	wakePollers(v.domain, port)
}

// markPending asks for an upcall and makes sure that v comes to see it.
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
		s := d.shared
		v := d.vcpu[e.vcpu%maxVCPUs]
		if testAndClear(&s.EvtchnMask[port/64], uint(port%64)) &&
			atomic.LoadUint64(&s.EvtchnPending[port/64])>>(port%64)&1 != 0 &&
			!testAndSet(&v.info.EvtchnPendingSel, uint(port/64)) {
			v.markPending()
		}
	}
	d.eventLock.unlock()
	return rc
}
