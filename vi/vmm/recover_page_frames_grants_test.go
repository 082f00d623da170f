package main

import (
	"testing"

	"resvirt/vi/abi"
)

// TestManyGrants: recovery keeps thousands of mappings of others' frames, in any
// order, and finds each entry's handle among a few.
func TestManyGrants(t *testing.T) {
	recoverable(t)
	const tables, frames, longest = 4, 256, 2 * 4 // length of a chain: the granter's frames need not be neighbours
	a, b, _, bv, _, _ := granting(t)
	a.maxPages, b.maxPages = a.maxPages+frames, b.maxPages+tables
	var list []mfn
	for ref := uint32(20); len(list) < frames; ref++ {
		list = append(list, allocDomainPage(a))
		e, _ := a.grants.entry(ref)
		*e = abi.GrantEntry{Flags: abi.GTFPermitAccess, Domid: b.id, Frame: uint32(list[len(list)-1])}
	}
	enter(bv)
	for n := range uint32(tables) {
		l1 := allocDomainPage(b)
		if pin(l1, b, ptL1) != 0 {
			t.Fatal("an empty table is refused")
		}
		for i := range uint32(512) { // each frame twice, once read-only, in two orders
			ref := 20 + (i+n)%frames
			if n&1 != 0 {
				ref = 20 + frames - 1 - i%frames
			}
			flags := uint32(abi.GNTMAPHost|abi.GNTMAPContainsPTE) | i/frames*abi.GNTMAPReadonly
			op := put(1, 0, abi.GnttabMapGrantRef{HostAddr: uint64(l1)<<12 + uint64(i)*8, Flags: flags, Ref: ref, Dom: a.id})
			if hyperGrantTableOp(abi.GnttabopMapGrantRef, op, 1, 0, 0); got[abi.GnttabMapGrantRef](op).Status != 0 {
				t.Fatalf("mapping %d of table %d: %+v", i, n, got[abi.GnttabMapGrantRef](op))
			}
		}
	}
	commit()
	enter(testCPU.core.idle)
	before := shapes()
	repair()
	for m, s := range shapes() {
		if s != before[m] {
			t.Errorf("frame %#x was %+v, is %+v", m, before[m], s)
		}
	}
	most, all := 0, 0
	for _, n := range b.grants.chains {
		length := 0
		for ; n != 0; n = b.grants.track(uint32(n - 1)).next {
			length++
		}
		most, all = max(most, length), all+length
	}
	if all != tables*512 || most > longest {
		t.Errorf("%d mappings are in chains, of up to %d", all, most)
	}
	ended(t, heap.nfree+a.totPages+b.totPages+objects(a)+objects(b), b, a)
}
