package main

import (
	"testing"

	"resvirt/vi/abi"
)

// tlbs models what the processors' TLBs may hold in the worst case: each CPU uses
// every writable mapping of its guest as soon as it exists, and keeps the
// translation until it drops all. A CPU must not hold a translation that would be
// of use to a guest: to a frame that has become a page table, or belongs to
// another domain.
type tlbs struct {
	t    *testing.T
	held [maxCPUs]map[mfn]uint32 // frame -> its owner then
	kept map[mfn]bool            // frames that are in use until those that hold them have flushed
}

// watchTLBs makes the model follow the CPUs of the test's machine.
func watchTLBs(t *testing.T) *tlbs {
	m := &tlbs{t: t}
	testFlushed = func(c *CPU) {
		m.unused(c.ID)
		m.held[c.ID] = nil
		m.fill(c)
	}
	t.Cleanup(func() { testFlushed = nil })
	return m
}

// run makes a CPU the running one, with a vCPU of a guest.
func (m *tlbs) run(cpu uint32, v *VCPU) {
	testCPU = cpuByID(cpu)
	v.cpu = cpu
	setBits(&v.domain.dirtyCPUs, 1<<cpu)
	enter(v)
	writeCR3(v.cr3())
}

// fill lets a CPU use all mappings of the guest it runs.
func (m *tlbs) fill(c *CPU) {
	if c.core.curr == nil || c.core.curr.isIdle() {
		return
	}
	if m.held[c.ID] == nil {
		m.held[c.ID] = map[mfn]uint32{}
	}
	a := &c.core.curr.arch
	seen := map[mfn]bool{}
	for _, root := range []mfn{a.guestTable, a.guestTableUser} {
		if root != 0 {
			m.walk(m.held[c.ID], root, ptL4, seen)
		}
	}
}

func (m *tlbs) walk(held map[mfn]uint32, at mfn, t uint64, seen map[mfn]bool) {
	if seen[at] {
		return
	}
	seen[at] = true
	for i, e := range tableAt(at) {
		switch {
		case e&pteP == 0 || t == ptL4 && isHypervisorSlot(i):
		case t != ptL1:
			m.walk(held, pteFrame(e), t-1<<ptTypeShift, seen)
		case e&pteW != 0:
			if f := pteFrame(e); held[f] == 0 {
				held[f] = pageOf(f).owner
			}
		}
	}
}

// keep begins a call that ends mappings of granted frames. A frame that a guest has
// mapped as writable must stay in use until the guest's CPUs have flushed, because its
// owner can see the end of the grant.
func (m *tlbs) keep() {
	m.kept = map[mfn]bool{}
	for cpu := range nrCPUs() {
		v := cpuByID(cpu).core.curr
		mapped := map[mfn]uint32{}
		m.walk(mapped, v.arch.guestTable, ptL4, map[mfn]bool{})
		for f, owner := range mapped {
			m.kept[f] = m.kept[f] || owner != v.domain.frame32()
		}
	}
}

// release ends what keep began.
func (m *tlbs) release() {
	for cpu := range nrCPUs() {
		m.unused(cpu)
	}
	m.kept = nil
}

// unused fails the test if a CPU holds a translation to a frame that had to
// stay in use and did not.
func (m *tlbs) unused(cpu uint32) {
	for f := range m.held[cpu] {
		if m.kept[f] && pageOf(f).typ&ptCount == 0 {
			m.t.Fatalf("frame %#x is used no more before CPU %d, which can write it, has flushed", f, cpu)
		}
	}
}

// check fails the test if a CPU holds what it must not.
func (m *tlbs) check(what string) {
	m.t.Helper()
	for cpu := range nrCPUs() {
		c := cpuByID(cpu)
		m.fill(c)
		for f, owner := range m.held[cpu] {
			p := pageOf(f)
			switch {
			case p.count&pgFree != 0:
			case p.owner != owner:
				m.t.Fatalf("%s: CPU %d can write frame %#x, which has another owner", what, cpu, f)
			case p.typ&ptCount != 0 && p.typ&ptTypeMask != ptWritable:
				m.t.Fatalf("%s: CPU %d can write frame %#x, of type %d", what, cpu, f, p.typ>>ptTypeShift)
			}
		}
	}
}

// sharing is a machine of three CPUs: the first runs the guest of granting that
// grants, the others two vCPUs of the one that maps.
type sharing struct {
	*tlbs
	a, b   *Domain
	v      [3]*VCPU
	am, bm []mfn
	free   uint64
}

func newSharing(t *testing.T) *sharing {
	t.Helper()
	world(t, 3)
	s := &sharing{free: heap.nfree}
	s.a, s.b, s.v[0], s.v[1], s.am, s.bm = granting(t)
	s.v[2] = secondVCPU(t, s.b)
	s.tlbs = watchTLBs(t)
	for i, v := range s.v {
		s.run(uint32(i), v)
	}
	return s
}

// secondVCPU gives a guest of onGuest another vCPU in the same address space.
func secondVCPU(t *testing.T, d *Domain) *VCPU {
	t.Helper()
	v := d.addVCPU(2)
	root := d.vcpu[0].arch.guestTable
	if getPageAndType(root, d, ptL4) != 0 {
		t.Fatal("no second vCPU")
	}
	v.arch.guestTable, v.arch.flags = root, inKernelMode
	return v
}

// on makes a CPU the running one.
func (s *sharing) on(cpu uint32) { testCPU = cpuByID(cpu) }

// end destroys both guests.
func (s *sharing) end() {
	testFlushed = nil
	for i := range s.v {
		s.on(uint32(2 - i))
		enter(testCPU.core.idle)
	}
	ended(s.t, s.free, s.a, s.b)
}

// mapped lets the first vCPU of the second guest map reference 8 at A.
func (s *sharing) mapped(flags uint32) uint32 {
	s.t.Helper()
	s.on(1)
	op := mapRef(8, placeA, flags)
	if op.Status != 0 {
		s.t.Fatal(op)
	}
	s.check("map")
	return op.Handle
}

// tableOf makes page 3 of the first guest, which it has granted, a page table.
func (s *sharing) tableOf() {
	s.t.Helper()
	s.on(0)
	if rc := hyperUpdateVAMapping(pageVA+3<<12, uint64(s.am[7])<<12|pteP|pteU, abi.UVMFInvlpg, 0, 0); rc != 0 {
		s.t.Fatal("read-only: ", rc)
	}
	*tableAt(s.am[7]) = table{}
	if rc := pin(s.am[7], s.a, ptL1); rc != 0 {
		s.t.Fatal("pin: ", rc)
	}
	s.check("the granted frame becomes a page table")
}

// TestStaleTranslations: however the mapping of another domain's frame ends, no CPU
// can write the frame once it is a page table or belongs to somebody else.
func TestStaleTranslations(t *testing.T) {
	for name, drop := range map[string]func(s *sharing, handle uint32){
		"mmu_update": func(s *sharing, _ uint32) {
			if rc := mmuWrite(entryOf(placeA), 0); rc != 0 {
				s.t.Fatal(rc)
			}
		},
		"update_va_mapping without a flush": func(s *sharing, _ uint32) {
			if rc := hyperUpdateVAMapping(placeA, 0, abi.UVMFNone, 0, 0); rc != 0 {
				s.t.Fatal(rc)
			}
		},
		"the whole L1 given up": func(s *sharing, _ uint32) {
			root, l2 := s.bm[0], s.bm[2]
			if rc := mmuWrite(uint64(l2)<<12, 0); rc != 0 {
				s.t.Fatal(root, rc)
			}
		},
		"another grant mapped over it": func(s *sharing, _ uint32) {
			if op := mapRef(9, placeA, abi.GNTMAPHost|abi.GNTMAPReadonly); op.Status != 0 {
				s.t.Fatal(op)
			}
		},
		"unmap": func(s *sharing, h uint32) {
			if st := unmapRef(h, placeA, 0); st != 0 {
				s.t.Fatal(st)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSharing(t)
			h := s.mapped(abi.GNTMAPHost)
			drop(s, h)
			s.check(name)
			s.tableOf()
			s.end()
		})
	}
}

// TestStaleTranslationsOfFreedFrame: the owner gives the frame back while others
// may have translations to it; they must be gone when the next owner gets it.
func TestStaleTranslationsOfFreedFrame(t *testing.T) {
	s := newSharing(t)
	s.mapped(abi.GNTMAPHost)
	if rc := mmuWrite(entryOf(placeA), 0); rc != 0 {
		t.Fatal(rc)
	}
	s.on(0)
	if rc := hyperUpdateVAMapping(pageVA+3<<12, 0, abi.UVMFNone, 0, 0); rc != 0 || !removeFrame(s.a, s.am[7]) {
		t.Fatal(rc)
	}
	commit()
	if pageOf(s.am[7]).count&pgFree == 0 {
		t.Fatal("not free")
	}
	for i := 0; pageOf(s.am[7]).count&pgFree != 0; i++ {
		if heap.nfree == 0 {
			t.Fatal("not given out again")
		}
		if allocDomainPage(s.b) == 0 {
			s.b.maxPages++
		}
		s.check("given out again")
	}
}

// TestGrantEndsAfterFlush: an owner that sees the end of a grant has the frame for itself.
func TestGrantEndsAfterFlush(t *testing.T) {
	s := newSharing(t)
	h := s.mapped(abi.GNTMAPHost)
	e, _ := s.a.grants.entry(8)
	flushed, refill := uint32(0), testFlushed
	testFlushed = func(c *CPU) {
		refill(c)
		flushed |= 1 << c.ID
		if s.held[c.ID][s.am[7]] != 0 {
			t.Errorf("CPU %d flushes with the entry in place", c.ID)
		}
		if e.Flags&abi.GTFWriting == 0 || pageOf(s.am[7]).typ&ptCount != 2 {
			t.Errorf("before CPU %d has flushed the grant is over: %#x", c.ID, e.Flags)
		}
	}
	if st := unmapRef(h, placeA, 0); st != 0 || flushed != 1<<1|1<<2 {
		t.Errorf("unmap: %d, CPUs %#x flushed", st, flushed)
	}
	if e.Flags&abi.GTFWriting != 0 {
		t.Errorf("in use after the end: %#x", e.Flags)
	}
	testFlushed = refill
	s.end()
}

// TestForeignMapping is TestStaleTranslations for frames that the control
// domain maps.
func TestForeignMapping(t *testing.T) {
	for _, va := range []bool{false, true} {
		s := newSharing(t)
		s.b.privileged = true
		s.on(1)
		e, rc := uint64(s.am[7])<<12|pteP|pteW|pteU, int64(0)
		if va {
			rc = hyperUpdateVAOther(placeA, e, abi.UVMFNone, 1, 0)
		} else {
			op := put(1, 0, abi.MMUUpdate{Ptr: entryOf(placeA), Val: e})
			rc = hyperMMUUpdate(op, 1, 0, 1, 0)
		}
		if rc != 0 {
			t.Fatal(rc)
		}
		s.check("mapped")
		if rc := mmuWrite(entryOf(placeA), 0); rc != 0 {
			t.Fatal(rc)
		}
		s.tableOf()
		s.end()
	}
}

// TestOwnFramesFlushOwner: for frames that no other domain had mapped, only the owner's
// CPUs are flushed.
func TestOwnFramesFlushOwner(t *testing.T) {
	s := newSharing(t)
	flushed, refill := uint32(0), testFlushed
	testFlushed = func(c *CPU) {
		refill(c)
		flushed |= 1 << c.ID
	}
	s.tableOf()
	if flushed != 1<<0 {
		t.Errorf("CPUs %#x flushed", flushed)
	}
	s.end()
}

// TestFlushClockEnds: at its end the clock stops, and nobody counts as flushed.
func TestFlushClockEnds(t *testing.T) {
	world(t, 2)
	flushed := uint32(0)
	testFlushed = func(c *CPU) { flushed |= 1 << c.ID }
	t.Cleanup(func() { testFlushed = nil })
	flushClock = ^uint32(0) - 2
	stamp := flushClock
	for range 5 {
		flushLocal()
	}
	if testCPU.core.tlbTime <= stamp || flushClock != ^uint32(0) {
		t.Errorf("CPU's time %#x, clock %#x", testCPU.core.tlbTime, flushClock)
	}
	for range 2 {
		flushed = 0
		if flushFiltered(3, flushClock); flushed != 3 {
			t.Errorf("CPUs %#x flushed", flushed)
		}
	}
	flushed = 0
	if flushFiltered(3, stamp); flushed != 0 {
		t.Errorf("CPUs %#x flushed for an old stamp", flushed)
	}
}

// TestTimeOfUses: the stamp of a frame is the time when its last use ended. That
// holds also if a CPU reads the clock, others take and drop the frame, and only
// then the first CPU drops the last use.
func TestTimeOfUses(t *testing.T) {
	world(t, 2)
	d, _, list := onGuest(t, 1)
	m := list[4+1] // mapped as writable once
	p := pageOf(m)
	early := flushClock
	if rc := getPageAndType(m, d, ptWritable); rc != 0 {
		t.Fatal(rc)
	}
	flushClock += 5
	late := flushClock
	putPageAndType(p)
	if p.typ&ptCount != 1 || p.stamp != late {
		t.Errorf("%d uses left, the last went at %d, not %d", p.typ&ptCount, p.stamp, late)
	}
	if p.left(early); p.stamp != late {
		t.Errorf("set back from %d to %d", late, p.stamp)
	}
	if p.left(late + 1); p.stamp != late+1 {
		t.Errorf("%d, not %d", p.stamp, late+1)
	}
}
