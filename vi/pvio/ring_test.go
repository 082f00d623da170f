package pvio

import (
	"testing"
	"unsafe"
)

// page is memory for a ring.
func page() *SharedRing { return (*SharedRing)(unsafe.Pointer(new([PageSize / 8]uint64))) }

// TestRingTells plays ring.h's rule for notifications: the other end is told iff a
// counter passes the event counter, whatever the counters' values.
func TestRingTells(t *testing.T) {
	for _, start := range []uint32{0, 5, ^uint32(0) - 2} {
		s := page()
		var f FrontRing
		f.Init(s, BlkSlot)
		s.ReqProd, s.RspProd, s.ReqEvent, s.RspEvent = start, start, start+1, start+1
		f.ReqProd, f.RspCons = start, start
		var b BackRing
		if !b.Attach(s, BlkSlot) {
			t.Fatal("an empty ring is refused")
		}
		f.ReqProd++
		if !f.Push() {
			t.Errorf("start %#x: the first request tells nobody", start)
		}
		f.ReqProd++
		if f.Push() {
			t.Errorf("start %#x: the second request tells again although nobody asked", start)
		}
		if n, ok := b.Requests(); n != 2 || !ok {
			t.Errorf("start %#x: %d requests, %v", start, n, ok)
		}
		b.ReqCons += 2
		if b.Sleep() {
			t.Errorf("start %#x: a third request that nobody made", start)
		}
		f.ReqProd++
		if !f.Push() {
			t.Errorf("start %#x: the sleeping end is not told", start)
		}
		b.RspProd += 2
		if !b.Push() {
			t.Errorf("start %#x: the first response tells nobody", start)
		}
		if n, ok := f.Responses(); n != 2 || !ok {
			t.Errorf("start %#x: %d responses, %v", start, n, ok)
		}
	}
}

// TestRingRefuses: counters that cannot be are seen, at both ends.
func TestRingRefuses(t *testing.T) {
	s := page()
	var f FrontRing
	f.Init(s, BlkSlot)
	var b BackRing
	b.Attach(s, BlkSlot)
	s.ReqProd = f.Size()
	if _, ok := b.Requests(); !ok {
		t.Error("a full ring is refused")
	}
	s.ReqProd++
	if _, ok := b.Requests(); ok {
		t.Error("one request more than slots is accepted")
	}
	if new(BackRing).Attach(s, BlkSlot) {
		t.Error("a ring with more requests than slots is taken over")
	}
	s.RspProd = 1
	if _, ok := f.Responses(); ok {
		t.Error("a response to nothing is accepted")
	}
}

// TestRingAttach: a new back end on a ring in use begins with the first request that
// has no response.
func TestRingAttach(t *testing.T) {
	s := page()
	var f FrontRing
	f.Init(s, BlkSlot)
	var old BackRing
	old.Attach(s, BlkSlot)
	for i := range uint64(5) {
		(*BlkRequest)(f.Request()).ID = i
		f.ReqProd++
	}
	f.Push()
	old.ReqCons += 4 // taken, and two of them answered
	for range 2 {
		*(*BlkResponse)(old.Response()) = BlkResponse{}
		old.RspProd++
	}
	old.Push()
	var b BackRing
	if !b.Attach(s, BlkSlot) {
		t.Fatal("refused")
	}
	if n, ok := b.Requests(); n != 3 || !ok {
		t.Fatalf("%d requests, want 3", n)
	}
	if id := (*BlkRequest)(b.Request()).ID; id != 2 {
		t.Errorf("the first is %d, want 2", id)
	}
}
