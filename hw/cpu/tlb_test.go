package cpu

import "testing"

// TestTLBSets: five pages compete for a set of four entries, and the one that came
// first makes room, whether it was used since or not. A page that left is looked up in
// the tables anew, by whatever way it is accessed.
func TestTLBSets(t *testing.T) {
	r := newRig(t)
	const step = tlbSets << 12
	page := func(k uint64) uint64 { return 0x100000 + k*step }
	cached := func(want ...bool) {
		t.Helper()
		for k, w := range want {
			if got := r.TLB.lookup(page(uint64(k)), 0) != nil; got != w {
				t.Errorf("page %d cached: %v", k, got)
			}
		}
	}
	for k := range uint64(4) {
		r.load8(DS, page(k))
	}
	cached(true, true, true, true, false)
	r.load8(DS, page(0)) // a hit does not make it younger
	r.store8(DS, page(0), 1)
	cached(true, true, true, true, false) // nor does what it takes to become dirty
	r.load8(DS, page(4))
	cached(false, true, true, true, true)
	const other = 0x90000
	r.Mem.Write8(other, 0x5a)
	r.pte(page(0), other|3)
	r.pte(page(2), other|3)
	if v, _ := r.load8(DS, page(0)); v != 0x5a {
		t.Errorf("a page that left the TLB is read as %#x by a host pointer", v)
	}
	cached(true, false, true, true, true)
	if v, _ := r.load8(DS, page(2)); v != 0 {
		t.Error("a page that is in the TLB is read by its changed entry")
	}
	r.invalidatePage(page(3))
	r.load8(DS, page(1)) // goes where there is room
	cached(true, true, true, false, true)
	r.load8(DS, page(3)) // and the third entry is the next to make room
	cached(true, true, false, true, true)
}

// TestTLBSetContexts: a page of two contexts has two entries.
func TestTLBSetContexts(t *testing.T) {
	r := newRig(t)
	r.writeCR4(r.CR4 | CR4PCIDE)
	const va = 0x201000
	for pcid := range uint64(2) {
		r.writeCR3(tPML4 | pcid | cr3Keep)
		r.load8(DS, va)
	}
	if r.TLB.lookup(va, 0) == nil || r.TLB.lookup(va, 1) == nil {
		t.Fatal("one context drives the other out")
	}
	r.invalidatePage(va)
	if r.TLB.lookup(va, 0) == nil || r.TLB.lookup(va, 1) != nil {
		t.Error("INVLPG does not tell contexts apart")
	}
	r.writeCR3(tPML4 | cr3Keep)
	r.pte(va, 0x90000|3)
	r.Mem.Write8(0x90000, 0x5a)
	if v, _ := r.load8(DS, va); v != 0 {
		t.Error("context 0 lost its entry")
	}
	r.writeCR3(tPML4 | 1 | cr3Keep)
	if v, _ := r.load8(DS, va); v != 0x5a {
		t.Errorf("context 1 reads %#x by the other's entry", v)
	}
}
