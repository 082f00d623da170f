package main

// Step event_redelivery. An event is announced in three steps, pending bit, selector,
// upcall flag, each done only if the one before was not done already; then its vCPU is
// woken. If the sender was discarded in between, nobody does the rest: a second sender
// finds the pending bit set and stops there. (For queues see
// recover_event_redelivery_fifo.go.) The end of a domain is announced to the control domain
// like an event.

// eventRedelivery announces all pending events once more and wakes the vCPUs that
// wait for one.
func eventRedelivery() {
	if !begin(stepEventRedelivery) {
		return
	}
	for d := domains.head; d != nil; d = d.next {
		for port := uint32(1); port < maxPorts; port++ {
			e := d.port(port)
			if e == nil {
				break
			}
			d.announce(e, port)
		}
		d.announceQueues()
		if d.shutdown && !d.privileged {
			announceEnd()
		}
		for i := uint32(0); i < d.nvcpus; i++ {
			v := d.vcpu[i]
			if v.info.EvtchnUpcallPending != 0 {
				v.unblock()
			}
		}
	}
}
