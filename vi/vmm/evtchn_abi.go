package main

import (
	"sync/atomic"

	"resvirt/vi/abi"
)

// The two interfaces by which a guest sees its event channels: bits in its
// shared_info, in two levels (evtchn_2l.go), and words in queues (evtchn_fifo.go),
// once the guest has asked for them. What depends on the interface goes through
// these functions; d.eventLock is held where none of them says otherwise.

// usesFIFO says which interface d has. It may change while a sender looks.
func (d *Domain) usesFIFO() bool { return atomic.LoadUint32(&d.fifoOn) != 0 }

// portLimit is the end of the ports that d can have.
func (d *Domain) portLimit() uint32 {
	if d.usesFIFO() {
		return min(maxPorts, d.mostPorts)
	}
	return min(abi.NumEvtchn2L, d.mostPorts)
}

// setPending raises a port towards v. The lock of the domain at the other end of
// the channel is enough.
func setPending(v *VCPU, port uint32) {
	if !v.domain.usesFIFO() {
		setPending2L(v, port)
		if !v.domain.usesFIFO() {
			return
		}
		// The guest changed the interface meanwhile, and may have looked for
		// pending bits before this one was set.
	}
	v.domain.setPendingFIFO(v, port)
}

// clearPending makes a port not pending.
func (d *Domain) clearPending(port uint32) {
	if d.usesFIFO() {
		d.clearPendingFIFO(port)
	} else {
		clearPending2L(d.shared, port)
	}
}

// isPending says whether a port is pending. It needs no lock.
func (d *Domain) isPending(port uint32) bool {
	if d.usesFIFO() {
		return d.isPendingFIFO(port)
	}
	return isPending2L(d.shared, port)
}

// unmaskPort lets a port's events through; one that is pending is raised again.
func (d *Domain) unmaskPort(v *VCPU, port uint32) {
	if d.usesFIFO() {
		d.unmaskFIFO(v, port)
	} else {
		unmask2L(v, port)
	}
}

// inQueue says whether the guest has still to take a port out of a queue.
func (d *Domain) inQueue(port uint32) bool { return d.usesFIFO() && d.fifo.linked(port) }

// announce completes what a sender had begun for a port before recovery
// discarded it.
func (d *Domain) announce(e *evtchn, port uint32) {
	if d.usesFIFO() {
		d.announceFIFO(e, port)
	} else {
		d.announce2L(e, port)
	}
}
