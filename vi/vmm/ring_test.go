package main

import (
	"testing"

	"resvirt/vi/abi"
)

// The VMM writes into the console ring as long as its port is open. During that
// time the frame can only be writable data, whatever maps it.
func TestRingIsNoPageTable(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	d, _, m := onGuest(t, 1)
	ring := m[4+3]
	port := serveConsole(d, ring)
	commit()
	counted(t, d)
	if rc := hyperUpdateVAMapping(pageVA+3<<12, entryTo(ring, pteU), 0, 0, 0); rc != 0 {
		t.Fatalf("read-only: %d", rc)
	}
	*tableAt(ring) = table{}
	tables := []func() int64{
		func() int64 { return pin(ring, d, ptL1) },
		func() int64 { return pin(ring, d, ptL4) },
		func() int64 { return mmuUpdate(d, d, uint64(m[2])<<pageShift|8, entryTo(ring, pteW|pteU)) },
		func() int64 { return hyperSetGDT(put(1, 0, uint64(ring)), 16, 0, 0, 0) },
	}
	for i, enter := range tables {
		if rc := enter(); rc != -abi.EINVAL {
			t.Errorf("as table %d: %d", i, rc)
		}
	}
	d.consoleRing().OutProd = 5
	if rc := sendEvent(d, port); rc != 0 || d.consoleRing().OutCons != 5 {
		t.Errorf("output: %d, came to %d", rc, d.consoleRing().OutCons)
	}
	if rc := closePort(d, port); rc != 0 {
		t.Fatalf("close: %d", rc)
	}
	commit()
	*tableAt(ring) = table{}
	for i, enter := range tables[:1] {
		if rc := enter(); rc != 0 {
			t.Errorf("without a port, as table %d: %d", i, rc)
		}
	}
	d.takeInput()
	counted(t, d)
	d.shutDown(0)
	ended(t, free, d)
}

// Recovery keeps the hold on the ring, whether it counts anew or takes back.
func TestRecoveryKeepsTheRing(t *testing.T) {
	for _, undo := range []bool{false, true} {
		recoverable(t)
		free := heap.nfree
		d, v, m := onGuest(t, 1)
		port := serveConsole(d, m[4+3])
		commit()
		if undo {
			persist().mode = modeReset
			closePort(d, port) // and then the VMM fails
			if d.ring != 0 {
				t.Fatal("the ring is held after its port was closed")
			}
		}
		enter(testCPU.core.idle)
		if undo && !frameJournal() {
			t.Fatal("the journal was not enough")
		} else if !undo {
			repair()
		}
		if d.ring != m[4+3] {
			t.Errorf("undo %v: ring %#x", undo, d.ring)
		}
		counted(t, d)
		enter(v)
		d.shutDown(0)
		persist().mode = modeNone
		ended(t, free, d)
	}
}
