package main

import "resvirt/vi/abi"

// Part of step sane_values: data about event channels that is recorded twice. The port
// by which a guest receives a virtual interrupt is recorded at the port and at the vCPU;
// if the two differ, the port is right. A channel between domains is recorded at both
// ends; if only one end has it, the channel was being made or ended. That end is closed:
// if the guest issues the call again, it makes the channel anew, or finds it ended.

// closeHalves closes the ports of a bucket whose other end does not refer back
// to them.
func (d *Domain) closeHalves(from uint32) {
	for port := from; port < from+evtchnPerBucket; port++ {
		e := d.port(port)
		switch {
		case e == nil: // port 0
		case e.state == abi.EvtchnstatPirq:
			e.remote = nil
			if p := d.pirq(e.remotePort); p == nil || p.port != port {
				*e = evtchn{queue: e.queue}
			}
		case e.state != abi.EvtchnstatInterdomain || e.consumer != 0:
			e.remote = nil
		case !d.joined(e, port):
			*e = evtchn{queue: e.queue}
		}
	}
}

// joined says whether the other end of a channel refers back to d's port.
func (d *Domain) joined(e *evtchn, port uint32) bool {
	for r := domains.head; r != nil; r = r.next {
		if r == e.remote {
			re := r.port(e.remotePort)
			return re != nil && re.state == abi.EvtchnstatInterdomain && re.remote == d && re.remotePort == port
		}
	}
	return false
}

// findVirqs notes which ports of a bucket receive virtual interrupts, and whether all
// ports are open: the search for a free port skips such buckets.
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
