package main

import "resvirt/vi/abi"

// Part of step sane_values: what is written down twice about event channels. By
// which port a guest receives a virtual interrupt stands at the port and at the
// vCPU, and the ports are believed. A channel between domains stands at both ends; where
// only one has it, it was being made or ended. That end is closed: a call that
// made the channel makes it anew, and one that ended it finds it ended.

// closeHalves closes the ports of a bucket whose other end does not lead back.
func (d *Domain) closeHalves(from uint32) {
	for port := from; port < from+evtchnPerBucket; port++ {
		e := d.port(port)
		switch {
		case e == nil: // port 0
		case e.state != abi.EvtchnstatInterdomain || e.consumer != 0:
			e.remote = nil
		case !d.joined(e, port):
			*e = evtchn{queue: e.queue}
		}
	}
}

// joined says whether the other end of a channel leads back to d's port.
func (d *Domain) joined(e *evtchn, port uint32) bool {
	for r := domains.head; r != nil; r = r.next {
		if r == e.remote {
			re := r.port(e.remotePort)
			return re != nil && re.state == abi.EvtchnstatInterdomain && re.remote == d && re.remotePort == port
		}
	}
	return false
}

// findVirqs notes what ports of a bucket receive virtual interrupts, and whether all are
// open: a search for a free port that looks at all buckets of a large domain takes long.
func (d *Domain) findVirqs(from uint32) {
	full := true
	for port := from; port < from+evtchnPerBucket; port++ {
		e := d.port(port)
		if e == nil {
			continue // port 0
		}
		full = full && e.state != abi.EvtchnstatClosed
		if e.state == abi.EvtchnstatVirq && e.vcpu < d.nvcpus {
			d.vcpu[e.vcpu].virqPort[e.virq%abi.NumVirqs] = port
		}
	}
	if i := from / evtchnPerBucket; full {
		setBits(&d.full[i/64%uint32(len(d.full))], 1<<(i%64))
	}
}
