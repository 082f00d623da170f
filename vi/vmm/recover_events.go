package main

import (
	"sync/atomic"

	"resvirt/vi/abi"
)

// Step event_redelivery. An event is announced in three steps, pending bit,
// selector, upcall flag, each taken only if the one before was new, and then
// its vCPU is woken. When the sender was discarded in between, nobody does the
// rest: a second sender finds the pending bit set. The end of a domain is
// announced to the control domain like an event.

// redeliver announces all pending events once more and wakes who waits for one.
func redeliver() {
	if !begin(stepEvents) {
		return
	}
	for d := domains.head; d != nil; d = d.next {
		for port := uint32(1); port < maxPorts; port++ {
			e := d.port(port)
			if e == nil {
				break
			}
			if e.state != abi.EvtchnstatClosed {
				d.announce(e, port)
			}
		}
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

// announce completes the announcement of a port that is pending.
func (d *Domain) announce(e *evtchn, port uint32) {
	s, word := d.shared, port/64
	if atomic.LoadUint64(&s.EvtchnPending[word])>>(port%64)&1 == 0 {
		return
	}
	if atomic.LoadUint64(&s.EvtchnMask[word])>>(port%64)&1 == 0 {
		v := d.vcpu[e.vcpu%maxVCPUs]
		testAndSet(&v.info.EvtchnPendingSel, uint(word))
		v.info.EvtchnUpcallPending = 1
	}
	wakePollers(d, port)
}
