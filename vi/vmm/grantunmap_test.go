package main

import (
	"testing"

	"resvirt/vi/abi"
)

// An unmapping names a handle and a place, and both come from the guest: the
// entry at the place must be what the handle stands for (XSA-234).

const (
	placeA = uint64(pageVA + 5<<12)
	placeB = uint64(pageVA + 6<<12)
	placeC = uint64(pageVA + 7<<12)
)

// pteAt is the entry of the current guest that maps an address.
func pteAt(va uint64) *uint64 {
	return &tableAt(walkToL1(current().arch.guestTable, va))[va>>12&511]
}

// entryOf is the machine address of the same, as GNTMAP_contains_pte and mmu_update want it.
func entryOf(va uint64) uint64 {
	return uint64(walkToL1(current().arch.guestTable, va))<<12 | va>>12&511<<3
}

func unmapReplace(handle uint32, at, from uint64) int16 {
	op := put(1, 0, abi.GnttabUnmapAndReplace{HostAddr: at, NewAddr: from, Handle: handle})
	if rc := hyperGrantTableOp(abi.GnttabopUnmapAndReplace, op, 1, 0, 0); rc != 0 {
		return int16(rc)
	}
	return got[abi.GnttabUnmapAndReplace](op).Status
}

func mmuWrite(at, val uint64) int64 {
	op := put(1, 0, abi.MMUUpdate{Ptr: at, Val: val})
	return hyperMMUUpdate(op, 1, 0, abi.DomidSelf, 0)
}

// mixed is a guest with reference 8 mapped writable at A and read-only at B,
// and reference 9, another frame, read-only at C.
type mixed struct {
	t         *testing.T
	a, b      *Domain
	am, bm    []mfn
	w, r, rc  uint32 // handles
	usesOf8   *activeGrant
	countOf8  uint64
	freeFirst uint64
}

func mixedMappings(t *testing.T) *mixed {
	world(t, 1)
	m := &mixed{t: t, freeFirst: heap.nfree}
	m.a, m.b, _, _, m.am, m.bm = granting(t)
	w, r, c := mapRef(8, placeA, abi.GNTMAPHost), mapRef(8, placeB, abi.GNTMAPHost|abi.GNTMAPReadonly), mapRef(9, placeC, abi.GNTMAPHost|abi.GNTMAPReadonly)
	if w.Status != 0 || r.Status != 0 || c.Status != 0 {
		t.Fatal(w, r, c)
	}
	m.w, m.r, m.rc = w.Handle, r.Handle, c.Handle
	_, m.usesOf8 = m.a.grants.entry(8)
	m.countOf8 = pageOf(m.am[7]).count
	return m
}

// unchanged fails the test unless all three mappings are as they were made.
func (m *mixed) unchanged(what string) {
	m.t.Helper()
	p := pageOf(m.am[7])
	if u := m.usesOf8; u.readers != 1 || u.writers != 1 || p.count != m.countOf8 || p.typ&ptCount != 2 ||
		pteFrame(*pteAt(placeA)) != m.am[7] || *pteAt(placeA)&pteW == 0 || pteFrame(*pteAt(placeB)) != m.am[7] || pteFrame(*pteAt(placeC)) != m.am[6] {
		m.t.Errorf("%s: %+v, count %#x, typ %#x, entries %#x %#x %#x", what, *u, p.count, p.typ, *pteAt(placeA), *pteAt(placeB), *pteAt(placeC))
	}
}

// end unmaps all as it was mapped; nothing is left.
func (m *mixed) end() {
	m.t.Helper()
	for _, x := range []struct {
		h  uint32
		at uint64
	}{{m.w, placeA}, {m.r, placeB}, {m.rc, placeC}} {
		if st := unmapRef(x.h, x.at, 0); st != 0 {
			m.t.Errorf("unmap at %#x: %d", x.at, st)
		}
	}
	if u := m.usesOf8; u.readers != 0 || u.writers != 0 {
		m.t.Errorf("in use after all: %+v", u)
	}
	ended(m.t, m.freeFirst, m.a, m.b)
}

// TestUnmapAnothersMapping: a handle with the place of another mapping is refused
// and changes nothing.
func TestUnmapAnothersMapping(t *testing.T) {
	m := mixedMappings(t)
	for _, row := range []struct {
		name   string
		handle uint32
		at     uint64
		st     int16
	}{
		{"writable handle at the read-only mapping of the same reference", m.w, placeB, abi.GNTSTGeneralError},
		{"read-only handle at the writable mapping", m.r, placeA, abi.GNTSTGeneralError},
		{"handle of another reference", m.rc, placeB, abi.GNTSTGeneralError},
		{"an own page", m.w, pageVA + 3<<12, abi.GNTSTGeneralError},
		{"no table", m.w, 1 << 40, abi.GNTSTBadVirtAddr},
		{"the hypervisor's part", m.w, m2pBase, abi.GNTSTBadVirtAddr},
		{"the entry's machine address, for a mapping by virtual address", m.w, entryOf(placeA), abi.GNTSTBadVirtAddr},
		{"a handle that is free", 4, placeA, abi.GNTSTBadHandle},
		{"a handle beyond all", trackPages * tracksPerPage, placeA, abi.GNTSTBadHandle},
	} {
		if st := unmapRef(row.handle, row.at, 0); st != row.st {
			t.Errorf("%s: status %d, want %d", row.name, st, row.st)
		}
		m.unchanged(row.name)
		if st := unmapReplace(row.handle, row.at, pageVA+8<<12); st != row.st {
			t.Errorf("unmap_and_replace, %s: status %d, want %d", row.name, st, row.st)
		}
		m.unchanged("unmap_and_replace, " + row.name)
	}
	if st := unmapRef(m.w, placeA, uint64(m.am[6])<<12); st != abi.GNTSTBadDevAddr {
		t.Errorf("another bus address: %d", st)
	}
	m.unchanged("another bus address")
	m.end()
}

// TestUnmapByEntry: mappings that were made by the machine address of an entry
// are unmapped by one, and with the same care.
func TestUnmapByEntry(t *testing.T) {
	m := mixedMappings(t)
	const at = pageVA + 9<<12
	op := mapRef(8, entryOf(at), abi.GNTMAPHost|abi.GNTMAPContainsPTE)
	if op.Status != 0 || *pteAt(at)&pteW == 0 {
		t.Fatal(op)
	}
	for name, bad := range map[string]uint64{
		"virtual address": at, "entry of the read-only mapping": entryOf(placeB), "half an entry": entryOf(at) + 4,
		"an entry of an L2": uint64(m.bm[2])<<12 | 8, "another's table": uint64(m.am[3])<<12 | at>>12&511<<3, "a data page": uint64(m.bm[4+3]) << 12,
	} {
		if st := unmapRef(op.Handle, bad, 0); st >= 0 {
			t.Errorf("%s: status %d", name, st)
		}
	}
	if st := unmapReplace(op.Handle, entryOf(at), pageVA+8<<12); st >= 0 {
		t.Errorf("unmap_and_replace: status %d", st)
	}
	if st := unmapRef(op.Handle, entryOf(at), 0); st != 0 || *pteAt(at) != 0 {
		t.Errorf("unmap: %d, entry %#x", st, *pteAt(at))
	}
	m.end()
}

// TestOverwrittenMapping: a guest may overwrite the entry of a mapping. The frame
// loses what the entry held; the grant stays in use, and nothing else can be
// unmapped in its place.
func TestOverwrittenMapping(t *testing.T) {
	m := mixedMappings(t)
	if rc := mmuWrite(entryOf(placeA), 0); rc != 0 {
		t.Fatal(rc)
	}
	if p := pageOf(m.am[7]); p.count != m.countOf8-1 || p.typ&ptCount != 1 {
		t.Errorf("count %#x, typ %#x", p.count, p.typ)
	}
	for name, at := range map[string]uint64{"the empty entry": placeA, "the read-only mapping": placeB} {
		if st := unmapRef(m.w, at, 0); st != abi.GNTSTGeneralError {
			t.Errorf("unmap at %s: %d", name, st)
		}
	}
	for name, e := range map[string]uint64{"writable": pteW, "read-only": 0} {
		if rc := mmuWrite(entryOf(placeA), uint64(m.am[7])<<12|pteP|pteU|e); rc == 0 {
			t.Errorf("mmu_update maps another's frame, %s", name)
		}
	}
	if rc := mmuWrite(entryOf(placeB), *pteAt(placeB)|pteW); rc == 0 {
		t.Error("mmu_update makes a read-only mapping writable")
	}
	if rc := hyperUpdateVAMapping(placeB, *pteAt(placeB)|pteW, 0, 0, 0); rc == 0 {
		t.Error("update_va_mapping makes a read-only mapping writable")
	}
	if u := m.usesOf8; u.readers != 1 || u.writers != 1 {
		t.Errorf("the grant's uses: %+v", *u)
	}
	ended(t, m.freeFirst, m.b, m.a)
}

// TestUnmapAgain: an unmapping that recovery issues again succeeds only if it
// was this entry that it had taken before.
func TestUnmapAgain(t *testing.T) {
	m := mixedMappings(t)
	log := &current().arch.log
	again := func(at uint64) int16 {
		log.again, log.grant = true, m.w+1
		defer func() { log.again, log.grant, log.undo = false, 0, 0 }()
		return unmapGrant(m.w, at, 0, 0)
	}
	if st := again(placeB); st != abi.GNTSTGeneralError {
		t.Errorf("another's mapping, issued again: %d", st)
	}
	m.unchanged("another's mapping, issued again")
	// The failure came when the entry was gone and the handle was not.
	log.undo = entryOf(placeA)
	old := *pteAt(placeA)
	*pteAt(placeA) = 0
	putEntry(old, ptL1)
	if st := again(placeA); st != 0 {
		t.Errorf("its own, issued again: %d", st)
	}
	if u := m.usesOf8; u.readers != 1 || u.writers != 0 {
		t.Errorf("uses: %+v", *u)
	}
	ended(t, m.freeFirst, m.b, m.a)
}

// TestGrantedEntryDamaged: recovery keeps entries of another's frames that are as
// the handles say. One that a failure made writable goes.
func TestGrantedEntryDamaged(t *testing.T) {
	recoverable(t)
	a, b, _, bv, am, _ := granting(t)
	r, c := mapRef(8, placeB, abi.GNTMAPHost|abi.GNTMAPReadonly), mapRef(9, placeC, abi.GNTMAPHost|abi.GNTMAPReadonly)
	if r.Status != 0 || c.Status != 0 {
		t.Fatal(r, c)
	}
	*pteAt(placeB) |= pteW
	kept := *pteAt(placeC)
	enter(testCPU.core.idle)
	repair()
	enter(bv)
	if e := *pteAt(placeB); e != 0 || pageOf(am[7]).typ&ptCount != 1 {
		t.Errorf("the entry is %#x, type of the frame %#x", e, pageOf(am[7]).typ)
	}
	if e := *pteAt(placeC); e != kept {
		t.Errorf("the other entry is %#x, was %#x", e, kept)
	}
	ended(t, heap.nfree+a.totPages+b.totPages+objects(a)+objects(b), b, a)
}

// TestGrantVersion: version 1 is all there is, as with Xen's gnttab=max-ver:1.
func TestGrantVersion(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	d, _, _ := onGuest(t, 1)
	for _, row := range []struct {
		version uint32
		rc      int64
	}{{0, -abi.EINVAL}, {1, 0}, {2, -abi.ENOSYS}, {3, -abi.EINVAL}, {1 << 31, -abi.EINVAL}} {
		op := put(1, 0, row.version)
		if rc := hyperGrantTableOp(abi.GnttabopSetVersion, op, 1, 0, 0); rc != row.rc || got[uint32](op) != 1 {
			t.Errorf("set_version %d: %d, version in use %d; want %d", row.version, rc, got[uint32](op), row.rc)
		}
	}
	op := put(1, 0, abi.GnttabVersion{Dom: abi.DomidSelf})
	if rc := hyperGrantTableOp(abi.GnttabopGetVersion, op, 1, 0, 0); rc != 0 || got[abi.GnttabVersion](op).Version != 1 {
		t.Errorf("get_version: %d, %+v", rc, got[abi.GnttabVersion](op))
	}
	ended(t, free, d)
}

// TestMapAgain: a mapping that recovery issues again takes back what it had begun,
// although the guest has changed the arguments meanwhile, and nothing that another
// vCPU has mapped.
func TestMapAgain(t *testing.T) {
	m := mixedMappings(t)
	v, log := current(), &current().arch.log
	log.again, log.grant, log.undo = true, m.w+1, entryOf(placeA) // it was under way
	op := abi.GnttabMapGrantRef{HostAddr: pageVA + 9<<12, Flags: abi.GNTMAPHost | abi.GNTMAPReadonly, Ref: 9, Dom: 1}
	mapGrant(&op)
	log.again, log.grant, log.undo = false, 0, 0
	if op.Status != 0 || *pteAt(placeA) != 0 || m.usesOf8.writers != 0 || pageOf(m.am[7]).typ&ptCount != 1 {
		t.Errorf("status %d, entry %#x, uses %+v, type %#x", op.Status, *pteAt(placeA), *m.usesOf8, pageOf(m.am[7]).typ)
	}
	if st := unmapRef(op.Handle, op.HostAddr, 0); st != 0 {
		t.Error(st)
	}

	v.id = 1 // the handle is another vCPU's by now
	log.again, log.grant, log.undo = true, m.r+1, 0
	mapGrant(&op)
	log.again, log.grant, log.undo = false, 0, 0
	v.id = 0
	if m.usesOf8.readers != 1 || v.domain.grants.track(m.r) == nil {
		t.Errorf("another's mapping: uses %+v", *m.usesOf8)
	}
	ended(t, m.freeFirst, m.b, m.a)
}

// TestUnmapAnotherAgain: what recovery found of the unmapping of one handle says
// nothing of another that the guest names when it is issued again.
func TestUnmapAnotherAgain(t *testing.T) {
	m := mixedMappings(t)
	log := &current().arch.log
	log.again, log.grant, log.undo = true, m.rc+1, entryOf(placeC)
	old := *pteAt(placeC)
	*pteAt(placeC) = 0
	putEntry(old, ptL1)
	st := unmapGrant(m.w, placeC, 0, 0)
	log.again, log.grant, log.undo = false, 0, 0
	if u := m.usesOf8; st != abi.GNTSTGeneralError || u.writers != 1 || u.readers != 1 {
		t.Errorf("status %d, uses %+v", st, *u)
	}
	ended(t, m.freeFirst, m.b, m.a)
}

// TestMappingsStay: unmap_and_replace moves no mapping of another's frame.
func TestMappingsStay(t *testing.T) {
	m := mixedMappings(t)
	if st := unmapReplace(m.r, placeB, placeA); st != abi.GNTSTGeneralError {
		t.Errorf("status %d", st)
	}
	m.unchanged("unmap_and_replace with another mapping")
	m.end()
}
