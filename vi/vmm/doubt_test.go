package main

import (
	"testing"

	"resvirt/vi/abi"
)

// A refusal is believed if it agrees with the frame's uses, and is a failure if
// not. Soon after a failure, and in a call that is issued again, it is always
// believed.
func TestDoubt(t *testing.T) {
	recoverable(t)
	d, v := newDomain(t, 1)
	c := testCPU
	c.core.curr, c.core.sched.curr, v.cpu = v, v, 0
	l1 := v.arch.guestTable
	for range 3 {
		l1 = pteFrame(tableAt(l1)[0])
	}
	mapped := pteFrame(tableAt(l1)[1]) // writable, so no page table
	request := func(now uint64) (rc int64, failed bool) {
		testTSC = now * 1000
		defer func() { failed = recover() != nil }()
		rc = pin(mapped, d, ptL1)
		doubt(abi.HypercallMMUExtOp, rc)
		return rc, false
	}
	if rc, failed := request(1000); rc != -abi.EINVAL || failed {
		t.Errorf("a frame that is mapped writable: %d, failed %v", rc, failed)
	}
	pageOf(mapped).typ++
	if _, failed := request(1001); failed {
		t.Error("doubted again at once")
	}
	v.arch.log.again = true
	if _, failed := request(1000000); failed {
		t.Error("doubted in a call that was issued again")
	}
	v.arch.log.again = false
	if _, failed := request(2000000); !failed || c.core.journal.lost == 0 {
		t.Errorf("a count that nothing explains: failed %v, journal %+v", failed, c.core.journal)
	}
	pageOf(mapped).typ--
	if _, failed := request(3000000); failed {
		t.Error("a failure where there is none any more")
	}
	// A domain with grants is asked about as well, but for frames that others use by them.
	g := grantTableOf(d)
	if g == nil || !g.grow(d, 1) {
		t.Fatal("no memory for grants")
	}
	pageOf(mapped).typ++
	use := &g.active[0][8]
	*use = activeGrant{frame: uint32(mapped), domid: 2, readers: 1}
	if _, failed := request(4000000); failed {
		t.Error("a failure about a frame that is in use by a grant")
	}
	*use = activeGrant{}
	if _, failed := request(5000000); !failed {
		t.Error("a count that nothing explains, in a domain with grants, is believed")
	}
	pageOf(mapped).typ--
}
