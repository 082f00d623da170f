package main

import (
	"sync/atomic"

	"resvirt/vi/abi"
)

// The two-level interface of event channels: a pending bit and a mask bit for each
// port in shared_info, and for each vCPU a selector of the words to look at.

// setPending2L raises a port towards v: pending word, selector, upcall flag, in
// that order, each only if the one before was not set yet.
func setPending2L(v *VCPU, port uint32) {
	s := v.domain.shared
	if port >= abi.NumEvtchn2L || testAndSet(&s.EvtchnPending[port/64], uint(port%64)) {
		return
	}
	if atomic.LoadUint64(&s.EvtchnMask[port/64])>>(port%64)&1 == 0 &&
		!testAndSet(&v.info.EvtchnPendingSel, uint(port/64)) {
		v.markPending()
	}
	wakePollers(v.domain, port)
}

func clearPending2L(s *abi.SharedInfo, port uint32) {
	if port < abi.NumEvtchn2L {
		testAndClear(&s.EvtchnPending[port/64], uint(port%64))
	}
}

func isPending2L(s *abi.SharedInfo, port uint32) bool {
	return port < abi.NumEvtchn2L && atomic.LoadUint64(&s.EvtchnPending[port/64])>>(port%64)&1 != 0
}

func unmask2L(v *VCPU, port uint32) {
	s := v.domain.shared
	if port < abi.NumEvtchn2L && testAndClear(&s.EvtchnMask[port/64], uint(port%64)) &&
		isPending2L(s, port) && !testAndSet(&v.info.EvtchnPendingSel, uint(port/64)) {
		v.markPending()
	}
}

// announce2L completes the announcement of a port that is pending.
func (d *Domain) announce2L(e *evtchn, port uint32) {
	if e.state == abi.EvtchnstatClosed || !isPending2L(d.shared, port) {
		return
	}
	if atomic.LoadUint64(&d.shared.EvtchnMask[port/64])>>(port%64)&1 == 0 {
		v := d.vcpu[e.vcpu%maxVCPUs]
		testAndSet(&v.info.EvtchnPendingSel, uint(port/64))
		v.info.EvtchnUpcallPending = 1
	}
	wakePollers(d, port)
}
