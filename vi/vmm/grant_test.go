package main

import (
	"testing"

	"resvirt/vi/abi"
)

// granting makes two guests; the first has a table whose reference 8 lets the
// second use its page 3, and 9 only read page 2. It returns the second's page tables.
func granting(t *testing.T) (a, b *Domain, av, bv *VCPU, am, bm []mfn) {
	t.Helper()
	a, av, am = onGuest(t, 1)
	var list [2]uint64
	at := put(1, 0, list)
	op := put(1, 64, abi.GnttabSetupTable{Dom: abi.DomidSelf, NrFrames: 2, FrameList: at})
	if rc := hyperGrantTableOp(abi.GnttabopSetupTable, op, 1, 0, 0); rc != 0 || got[abi.GnttabSetupTable](op).Status != 0 {
		t.Fatalf("setup_table: %d, status %d", rc, got[abi.GnttabSetupTable](op).Status)
	}
	table := tableAt(mfn(got[uint64](at)))
	const permit = uint64(abi.GTFPermitAccess) | 2<<16
	table[8] = permit | uint64(am[4+3])<<32
	table[9] = permit | abi.GTFReadonly | uint64(am[4+2])<<32
	table[10] = permit | uint64(am[3])<<32 // a page table
	b, bv, bm = onGuest(t, 2)
	return a, b, av, bv, am, bm
}

// mapRef maps a reference of domain 1 at an address of the current guest.
func mapRef(ref uint32, at uint64, flags uint32) abi.GnttabMapGrantRef {
	op := put(1, 0, abi.GnttabMapGrantRef{HostAddr: at, Flags: flags, Ref: ref, Dom: 1})
	if rc := hyperGrantTableOp(abi.GnttabopMapGrantRef, op, 1, 0, 0); rc != 0 {
		return abi.GnttabMapGrantRef{Status: int16(rc)}
	}
	return got[abi.GnttabMapGrantRef](op)
}

func unmapRef(handle uint32, at, device uint64) int16 {
	op := put(1, 0, abi.GnttabUnmapGrantRef{HostAddr: at, DevBusAddr: device, Handle: handle})
	if rc := hyperGrantTableOp(abi.GnttabopUnmapGrantRef, op, 1, 0, 0); rc != 0 {
		return int16(rc)
	}
	return got[abi.GnttabUnmapGrantRef](op).Status
}

func TestGrantMapping(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	a, b, _, bv, am, bm := granting(t)
	const at = pageVA + 5<<12
	e, _ := a.grants.entry(8)
	count := pageOf(am[7]).count
	for range 3 {
		op := mapRef(8, at, abi.GNTMAPHost|abi.GNTMAPDevice)
		if op.Status != 0 || op.DevBusAddr != uint64(am[7])<<12 || frameOfVA(bv, at) != am[7] {
			t.Fatalf("map: %+v", op)
		}
		if e.Flags&(abi.GTFReading|abi.GTFWriting) != abi.GTFReading|abi.GTFWriting || pageOf(am[7]).count != count+2 {
			t.Errorf("flags %#x, count %#x, before %#x", e.Flags, pageOf(am[7]).count, count)
		}
		if st := unmapRef(op.Handle, at, 0); st != 0 {
			t.Errorf("unmap: %d", st)
		}
		if st := unmapRef(op.Handle, at, 0); st != abi.GNTSTOkay && e.Flags&abi.GTFWriting == 0 {
			t.Errorf("the mapping for devices was lost: %d", st)
		}
		if st := unmapRef(op.Handle, 0, op.DevBusAddr); st != 0 || e.Flags&(abi.GTFReading|abi.GTFWriting) != 0 || pageOf(am[7]).count != count {
			t.Errorf("unmap: %d, flags %#x, count %#x, before %#x", st, e.Flags, pageOf(am[7]).count, count)
		}
		if st := unmapRef(op.Handle, at, 0); st != abi.GNTSTBadHandle {
			t.Errorf("unmap once more: %d", st)
		}
	}
	for _, row := range []struct {
		name   string
		ref    uint32
		at     uint64
		flags  uint32
		status int16
	}{
		{"a read-only grant for writing", 9, at, abi.GNTMAPHost, abi.GNTSTGeneralError},
		{"no grant", 11, at, abi.GNTMAPHost, abi.GNTSTGeneralError},
		{"a reference beyond the table", 2 * grantsPerPage, at, abi.GNTMAPHost, abi.GNTSTBadGntref},
		{"a page table for writing", 10, at, abi.GNTMAPHost, abi.GNTSTGeneralError},
		{"where no table is", 8, 1 << 40, abi.GNTMAPHost, abi.GNTSTBadVirtAddr},
		{"at the hypervisor", 8, m2pBase, abi.GNTMAPHost, abi.GNTSTBadVirtAddr},
		{"in an L2", 8, uint64(bm[2])<<12 | 16, abi.GNTMAPHost | abi.GNTMAPContainsPTE, abi.GNTSTBadVirtAddr},
		{"in another's table", 8, uint64(am[3])<<12 | 16, abi.GNTMAPHost | abi.GNTMAPContainsPTE, abi.GNTSTBadVirtAddr},
		{"nothing", 8, at, 0, abi.GNTSTBadGntref},
	} {
		if op := mapRef(row.ref, row.at, row.flags); op.Status != row.status {
			t.Errorf("%s: status %d, want %d", row.name, op.Status, row.status)
		}
	}
	if e.Flags&(abi.GTFReading|abi.GTFWriting) != 0 || pageOf(am[7]).count != count {
		t.Errorf("after what was refused: flags %#x, count %#x", e.Flags, pageOf(am[7]).count)
	}
	ended(t, free, a, b)
}

// TestGrantCopy copies between own and granted frames.
func TestGrantCopy(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	a, b, _, _, am, bm := granting(t)
	copy(unsafeBytes(am[7])[100:], "granted")
	do := func(c abi.GnttabCopy) int16 {
		op := put(1, 0, c)
		if rc := hyperGrantTableOp(abi.GnttabopCopy, op, 1, 0, 0); rc != 0 {
			return int16(rc)
		}
		return got[abi.GnttabCopy](op).Status
	}
	from, own := abi.GnttabCopyPtr{Ref: 8, Domid: 1, Offset: 100}, abi.GnttabCopyPtr{Ref: uint64(bm[4+3]), Domid: abi.DomidSelf, Offset: 7}
	if st := do(abi.GnttabCopy{Source: from, Dest: own, Len: 7, Flags: abi.GNTCOPYSourceGref}); st != 0 || string(unsafeBytes(bm[7])[7:14]) != "granted" {
		t.Errorf("from a grant: %d, %q", st, unsafeBytes(bm[7])[7:14])
	}
	to := abi.GnttabCopyPtr{Ref: 8, Domid: 1, Offset: 4090}
	if st := do(abi.GnttabCopy{Source: own, Dest: to, Len: 6, Flags: abi.GNTCOPYDestGref}); st != 0 || string(unsafeBytes(am[7])[4090:]) != "grante" {
		t.Errorf("to a grant: %d", st)
	}
	for _, row := range []struct {
		c  abi.GnttabCopy
		st int16
	}{
		{abi.GnttabCopy{Source: own, Dest: to, Len: 7, Flags: abi.GNTCOPYDestGref}, abi.GNTSTBadCopyArg},
		{abi.GnttabCopy{Source: own, Dest: abi.GnttabCopyPtr{Ref: 9, Domid: 1}, Len: 7, Flags: abi.GNTCOPYDestGref}, abi.GNTSTGeneralError},
		{abi.GnttabCopy{Source: abi.GnttabCopyPtr{Ref: uint64(am[7]), Domid: 1}, Dest: own, Len: 1}, abi.GNTSTPermissionDenied},
		{abi.GnttabCopy{Source: abi.GnttabCopyPtr{Ref: uint64(am[7]), Domid: 2}, Dest: own, Len: 1}, abi.GNTSTBadPage},
		{abi.GnttabCopy{Source: own, Dest: abi.GnttabCopyPtr{Ref: uint64(bm[3]), Domid: abi.DomidSelf}, Len: 1}, abi.GNTSTBadPage},
		{abi.GnttabCopy{Source: own, Dest: abi.GnttabCopyPtr{Domid: 77}, Len: 1}, abi.GNTSTBadDomain},
	} {
		if st := do(row.c); st != row.st {
			t.Errorf("%+v: %d, want %d", row.c, st, row.st)
		}
	}
	ended(t, free, a, b)
}

// TestGrantsEnd: whichever of the two domains dies first, all frames come back.
func TestGrantsEnd(t *testing.T) {
	for _, first := range []int{0, 1} {
		world(t, 1)
		free := heap.nfree
		a, b, _, _, _, _ := granting(t)
		if op := mapRef(8, pageVA+5<<12, abi.GNTMAPHost|abi.GNTMAPDevice); op.Status != 0 {
			t.Fatal(op.Status)
		}
		if op := mapRef(9, pageVA+6<<12, abi.GNTMAPHost|abi.GNTMAPReadonly); op.Status != 0 {
			t.Fatal(op.Status)
		}
		list := []*Domain{a, b}
		ended(t, free, list[first], list[1-first])
	}
}

// TestGrantsRecovered: recovery counts the uses as they were, and an unmapping
// works as before.
func TestGrantsRecovered(t *testing.T) {
	recoverable(t)
	a, b, _, bv, _, _ := granting(t)
	op := mapRef(8, pageVA+5<<12, abi.GNTMAPHost|abi.GNTMAPDevice)
	ro := mapRef(9, pageVA+6<<12, abi.GNTMAPHost|abi.GNTMAPReadonly)
	before, refs := shapes(), [2]uint32{a.refs, b.refs}
	enter(testCPU.core.idle)
	repair()
	for m, s := range shapes() {
		if b := before[m]; s != b && (s.typ|b.typ)&ptCount != 0 {
			t.Errorf("frame %#x was %+v, is %+v", m, before[m], s)
		}
	}
	if now := [2]uint32{a.refs, b.refs}; now != refs {
		t.Errorf("references %d, were %d", now, refs)
	}
	enter(bv)
	if st := unmapRef(op.Handle, pageVA+5<<12, op.DevBusAddr); st != 0 {
		t.Errorf("unmap: %d", st)
	}
	if st := unmapRef(ro.Handle, pageVA+6<<12, 0); st != 0 {
		t.Errorf("unmap of a read-only one: %d", st)
	}
	// An operation that was done already when recovery issues it again.
	bv.arch.log.again, bv.arch.log.grant = true, ro.Handle+1
	if st := unmapGrant(ro.Handle, pageVA+6<<12, 0, 0); st != 0 {
		t.Errorf("unmap again: %d", st)
	}
	ended(t, heap.nfree+a.totPages+b.totPages+objects(a)+objects(b), a, b)
}
