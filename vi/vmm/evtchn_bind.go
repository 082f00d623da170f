package main

import "resvirt/vi/abi"

// allocUnbound is EVTCHNOP_alloc_unbound: a port of d that remote may bind.
func allocUnbound(d *Domain, remote uint16) (uint32, int64) {
	d.eventLock.lock()
	port, rc := d.freePort(), int64(-abi.ENOSPC)
	if d.dying || d.nvcpus == 0 { // events go to the first vCPU
		port, rc = 0, -abi.EINVAL
	}
	if port != 0 {
		e := d.port(port)
		e.remoteID, e.vcpu = remote, 0
		e.state = abi.EvtchnstatUnbound
		rc = 0
	}
	d.eventLock.unlock()
	return port, rc
}

// lockPair takes the event locks of two domains, the lower id first.
func lockPair(a, b *Domain) {
	switch {
	case a == b:
		a.eventLock.lock()
	case a.id < b.id:
		a.eventLock.lock()
		b.eventLock.lock()
	default:
		b.eventLock.lock()
		a.eventLock.lock()
	}
}

func unlockPair(a, b *Domain) {
	a.eventLock.unlock()
	if a != b {
		b.eventLock.unlock()
	}
}

// bindInterdomain is EVTCHNOP_bind_interdomain: joins a new port of d to an
// unbound one of r. Each end holds a reference on the other's domain.
func bindInterdomain(d, r *Domain, rport uint32) (uint32, int64) {
	lockPair(d, r)
	port, rc := d.freePort(), int64(0)
	re := r.port(rport)
	switch {
	case port == 0:
		rc = -abi.ENOSPC
	case again() && re != nil && re.state == abi.EvtchnstatInterdomain && re.remote == d:
		port = re.remotePort
	case re == nil || re.state != abi.EvtchnstatUnbound || re.remoteID != d.id:
		rc = -abi.EINVAL
	default:
		e := d.port(port)
		r.hold()
		e.remote, e.remotePort, e.vcpu = r, rport, 0
		e.state = abi.EvtchnstatInterdomain
		d.hold()
		re.remote, re.remotePort = d, port
		re.state = abi.EvtchnstatInterdomain
		// An event sent before the channel existed is not lost.
		setPending(d.vcpu[0], port)
	}
	unlockPair(d, r)
	return port, rc
}

// bindVIRQ is EVTCHNOP_bind_virq.
func bindVIRQ(d *Domain, virq, vcpu uint32) (uint32, int64) {
	if virq >= abi.NumVirqs {
		return 0, -abi.EINVAL
	}
	if vcpu >= d.nvcpus {
		return 0, -abi.ENOENT
	}
	v := d.vcpu[vcpu]
	d.eventLock.lock()
	port, rc := uint32(0), int64(-abi.EEXIST)
	if v.virqPort[virq] != 0 && again() {
		port, rc = v.virqPort[virq], 0 // the port that was bound before a recovery
	} else if v.virqPort[virq] == 0 {
		rc = -abi.ENOSPC
		if port = d.freePort(); port != 0 {
			e := d.port(port)
			e.virq, e.vcpu = uint8(virq), vcpu
			e.state = abi.EvtchnstatVirq
			v.virqPort[virq] = port
			rc = 0
		}
	}
	d.eventLock.unlock()
	return port, rc
}

// bindIPI is EVTCHNOP_bind_ipi.
func bindIPI(d *Domain, vcpu uint32) (uint32, int64) {
	if vcpu >= d.nvcpus {
		return 0, -abi.ENOENT
	}
	d.eventLock.lock()
	port, rc := d.freePort(), int64(-abi.ENOSPC)
	if port != 0 {
		e := d.port(port)
		e.vcpu = vcpu
		e.state = abi.EvtchnstatIPI
		rc = 0
	}
	d.eventLock.unlock()
	return port, rc
}

// bindVcpu is EVTCHNOP_bind_vcpu: changes which vCPU is told.
func bindVcpu(d *Domain, port, vcpu uint32) int64 {
	if vcpu >= d.nvcpus {
		return -abi.ENOENT
	}
	d.eventLock.lock()
	rc := int64(-abi.EINVAL)
	if e := d.port(port); e != nil {
		switch e.state {
		case abi.EvtchnstatUnbound, abi.EvtchnstatInterdomain:
			e.vcpu, rc = vcpu, 0
		case abi.EvtchnstatPirq:
			e.vcpu, rc = vcpu, 0
			d.movePirq(e.remotePort)
		}
	}
	d.eventLock.unlock()
	return rc
}

// closePort is EVTCHNOP_close. The other end of a channel becomes unbound.
func closePort(d *Domain, port uint32) int64 {
	for {
		d.eventLock.lock()
		e := d.port(port)
		if e == nil || e.state == abi.EvtchnstatClosed {
			rc := int64(-abi.EINVAL)
			if e != nil && again() { // it was closed, perhaps by recovery
				d.clearPending(port)
				rc = 0
			}
			d.eventLock.unlock()
			return rc
		}
		if e.state != abi.EvtchnstatInterdomain || e.consumer != 0 {
			d.finishClose(e, port)
			d.eventLock.unlock()
			return 0
		}
		// Both locks are needed, in order: release this one, take both, look
		// again.
		r := e.remote
		r.hold()
		d.eventLock.unlock()
		lockPair(d, r)
		if e.state == abi.EvtchnstatInterdomain && e.remote == r {
			re := r.port(e.remotePort)
			assert(re.state == abi.EvtchnstatInterdomain && re.remote == d)
			re.state, re.remote, re.remotePort, re.remoteID = abi.EvtchnstatUnbound, nil, 0, d.id
			e.state, e.remote = abi.EvtchnstatUnbound, nil
			d.finishClose(e, port)
			unlockPair(d, r)
			r.put()
			r.put()
			d.put()
			return 0
		}
		unlockPair(d, r)
		r.put()
	}
}

// finishClose closes a port that has no other end.
func (d *Domain) finishClose(e *evtchn, port uint32) {
	if e.state == abi.EvtchnstatVirq {
		v := d.vcpu[e.vcpu%maxVCPUs]
		assert(v.virqPort[e.virq%abi.NumVirqs] == port)
		v.virqPort[e.virq%abi.NumVirqs] = 0
		// A sender that has read virqPort already sends with this lock held.
		// Wait for it, so that its event is cleared below.
		flags := v.virqLock.lockSave()
		v.virqLock.unlockRestore(flags)
	}
	if e.state == abi.EvtchnstatPirq {
		d.unbindPirq(e.remotePort)
	}
	if e.consumer != 0 {
		dropFrame(&d.ring)
	}
	d.clearPending(port)
	d.notFull(port)
	*e = evtchn{queue: e.queue}
}

// closeAllPorts closes the ports that d has open, from nextPort on. With
// makeWay it returns false when there is more urgent work.
func closeAllPorts(d *Domain, makeWay bool) bool {
	for port := max(d.nextPort, 1); ; port++ {
		e := d.port(port)
		if e == nil {
			d.nextPort = 0
			return true
		}
		if port%evtchnPerBucket == 0 && port != d.nextPort {
			d.nextPort = port
			commit()
			if makeWay && preemptCheck() {
				return false
			}
		}
		if e.state != abi.EvtchnstatClosed {
			closePort(d, port)
		}
	}
}

// portStatus is EVTCHNOP_status.
func portStatus(d *Domain, s *abi.EvtchnStatus) int64 {
	d.eventLock.lock()
	rc := int64(-abi.EINVAL)
	if e := d.port(s.Port); e != nil {
		rc = 0
		s.Status, s.Vcpu, s.U = uint32(e.state), e.vcpu, [2]uint32{}
		switch e.state {
		case abi.EvtchnstatUnbound:
			s.U[0] = uint32(e.remoteID)
		case abi.EvtchnstatInterdomain:
			if s.U[0], s.U[1] = 0, e.remotePort; e.remote != nil {
				s.U[0] = uint32(e.remote.id)
			}
		case abi.EvtchnstatVirq:
			s.U[0] = uint32(e.virq)
		case abi.EvtchnstatPirq:
			s.U[0] = e.remotePort
		}
	}
	d.eventLock.unlock()
	return rc
}
