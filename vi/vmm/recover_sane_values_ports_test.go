package main

import (
	"testing"

	"resvirt/vi/abi"
)

// A failure may strike a CPU between any two stores of the call that makes a channel
// or ends it. The call is issued again then, and leaves one channel, or none.
func TestHalvesOfChannels(t *testing.T) {
	bind := func(d, r *Domain, at uint32) []func() {
		e, re := d.port(1), r.port(at)
		return []func(){
			r.hold,
			func() { e.remote, e.remotePort = r, at },
			func() { e.state = abi.EvtchnstatInterdomain },
			d.hold,
			func() { re.remote, re.remotePort = d, 1 },
			func() { re.state = abi.EvtchnstatInterdomain },
		}
	}
	end := func(d, r *Domain, at uint32) []func() {
		e, re := d.port(1), r.port(at)
		return []func(){
			func() { re.state = abi.EvtchnstatUnbound },
			func() { re.remote, re.remotePort, re.remoteID = nil, 0, d.id },
			func() { e.state = abi.EvtchnstatUnbound },
			func() { e.remote = nil },
			func() { d.finishClose(e, 1) },
			r.put,
			d.put,
		}
	}
	for made := 0; made <= 6; made++ {
		d, r, at := halves(t)
		for _, store := range bind(d, r, at)[:made] {
			store()
		}
		again := repaired(t, d)
		port, rc := bindInterdomain(d, r, at)
		again(false)
		if rc != 0 || port != 1 || d.port(1).remote != r || r.port(at).remote != d || r.port(at).remotePort != 1 {
			t.Errorf("making, after %d stores: %d, port %d is bound to %v, the other to %v", made, rc, port, *d.port(1), *r.port(at))
		}
		channelEnds(t, d, r)
	}
	for done := 0; done <= 7; done++ {
		d, r, at := halves(t)
		for _, store := range bind(d, r, at) {
			store()
		}
		setPending(d.vcpu[0], 1)
		for _, store := range end(d, r, at)[:done] {
			store()
		}
		again := repaired(t, d)
		rc := closePort(d, 1)
		again(false)
		if e, re := d.port(1), r.port(at); rc != 0 || e.state != abi.EvtchnstatClosed || re.state != abi.EvtchnstatUnbound || re.remoteID != d.id || d.isPending(1) {
			t.Errorf("ending, after %d stores: %d, the port is %v, the other %v, pending %v", done, rc, *e, *re, d.isPending(1))
		}
		channelEnds(t, d, r)
	}
}

// halves makes two domains, the second of which has an unbound port for the first.
func halves(t *testing.T) (d, r *Domain, at uint32) {
	recoverable(t)
	d, v := newDomain(t, 1)
	r, _ = newDomain(t, 2)
	enter(v)
	at, rc := allocUnbound(r, d.id)
	if rc != 0 {
		t.Fatalf("no unbound port: %d", rc)
	}
	return d, r, at
}

// repaired does of recovery what matters here, and says that the call is issued again.
func repaired(t *testing.T, d *Domain) (again func(bool)) {
	t.Helper()
	saneValues()
	countRefs()
	again = func(yes bool) { current().arch.log.again = yes }
	again(true)
	return again
}

// channelEnds ends the first domain's channel and looks whether references are left.
func channelEnds(t *testing.T, d, r *Domain) {
	t.Helper()
	closePort(d, 1)
	refs := [2]uint32{d.refs, r.refs}
	if countRefs(); refs != [2]uint32{d.refs, r.refs} {
		t.Errorf("references %d, counted %d and %d", refs, d.refs, r.refs)
	}
}
