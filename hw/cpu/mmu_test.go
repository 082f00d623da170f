package cpu

import (
	"fmt"
	"testing"
)

// TestPagePermissions checks every combination of rights against the rule
// written out once more, from the manual (APM vol. 2, 5.6).
func TestPagePermissions(t *testing.T) {
	const va = 0x200000 // second page table
	for n := range 1 << 10 {
		bit := func(i int) bool { return n>>i&1 != 0 }
		write, fetch := bit(0), bit(1)
		if write && fetch {
			continue
		}
		user, w, u, nx := bit(2), bit(3), bit(4), bit(5)
		wp, smep, smap, ac := bit(6), bit(7), bit(8), bit(9)
		r := newRig(t)
		e := uint64(va | 1)
		for f, on := range map[uint64]bool{pteW: w, pteU: u, pteNX: nx} {
			if on {
				e |= f
			}
		}
		r.pte(va, e)
		r.CR0 = r.CR0 &^ CR0WP
		if wp {
			r.CR0 |= CR0WP
		}
		if smep {
			r.CR4 |= CR4SMEP
		}
		if smap {
			r.CR4 |= CR4SMAP
		}
		if ac {
			r.RFLAGS |= FlagAC
		}
		if user {
			r.CPL = 3
		}
		r.Resync()
		ok := u || !user
		code := uint32(1)
		switch {
		case fetch:
			ok = ok && !nx && !(smep && !user && u)
			code |= 16
		case !user && u && smap && !ac:
			ok = false
		case write:
			ok = ok && (w || !user && !wp)
		}
		if write {
			code |= 2
		}
		if user {
			code |= 4
		}
		for range 2 { // the second time by TLB and host page
			got := r.access(va, write, fetch)
			name := fmt.Sprintf("write=%v fetch=%v user=%v W=%v U=%v NX=%v WP=%v SMEP=%v SMAP=%v AC=%v", write, fetch, user, w, u, nx, wp, smep, smap, ac)
			if got != ok {
				t.Fatalf("%s: allowed = %v, want %v", name, got, ok)
			}
			if !got && (r.exc.vector != VecPF || r.exc.err != code || r.CR2 != va) {
				t.Fatalf("%s: %+v at %#x, want #PF(%#x)", name, r.exc, r.CR2, code)
			}
		}
	}
}

func (r *rig) access(va uint64, write, fetch bool) bool {
	r.exc.pending = false
	var b [15]byte
	switch {
	case write:
		return r.store64(DS, va, 1)
	case fetch:
		return r.fetchCode(va, b[:]) > 0
	}
	_, ok := r.load64(DS, va)
	return ok
}

func TestPageFaultCodes(t *testing.T) {
	const va = 0x200000
	for _, tt := range []struct {
		name string
		do   func(r *rig)
		code uint32
	}{
		{"not present", func(r *rig) { r.pte(va, 2) }, 0},
		{"not present at level 2", func(r *rig) { r.Mem.Write64(tPD+8, 0) }, 0},
		{"address too wide", func(r *rig) { r.pte(va, va|3|1<<physBits) }, 9},
		{"NX without NXE", func(r *rig) { r.pte(va, va|3|pteNX); r.MSR.EFER &^= EFERNXE }, 9},
		{"page size at level 4", func(r *rig) { r.Mem.Write64(tPML4, tPDPT|7|ptePS) }, 9},
		{"misplaced 2 MiB page", func(r *rig) { r.Mem.Write64(tPD+8, 0x2000|ptePS|3) }, 9},
		{"table outside RAM", func(r *rig) { r.Mem.Write64(tPD+8, 0x70000000|3) }, 9},
	} {
		r := newRig(t)
		tt.do(r)
		r.Resync()
		if _, ok := r.load8(DS, va+5); ok || r.exc.vector != VecPF || r.exc.err != tt.code || r.CR2 != va+5 {
			t.Errorf("%s: ok=%v %+v CR2=%#x, want #PF(%#x)", tt.name, ok, r.exc, r.CR2, tt.code)
		}
	}
}

func TestAccessedAndDirty(t *testing.T) {
	r := newRig(t)
	const va = 0x200000
	leaf := func() uint64 { return r.Mem.Read64(tPT+va>>12<<3) & (pteA | pteD) }
	r.load8(DS, va)
	r.want("after a load", leaf(), pteA)
	r.want("upper levels", r.Mem.Read64(tPML4)&pteA&r.Mem.Read64(tPDPT)&r.Mem.Read64(tPD+8), pteA)
	r.store8(DS, va, 1)
	r.want("after a store", leaf(), pteA|pteD)
	r.pte(va, va|1)
	if !r.store8(DS, va, 1) {
		t.Error("a dirty TLB entry must outlive a change in memory")
	}
	r.want("no walk, no bits", leaf(), 0)
	r.writeCR3(r.CR3)
	if r.store8(DS, va, 1) {
		t.Error("a flush must make the change visible")
	}
}

// TestStaleTranslations checks what survives which flush.
func TestStaleTranslations(t *testing.T) {
	const va, va2 = 0x200000, 0x201000
	for _, tt := range []struct {
		name          string
		flush         func(r *rig)
		plain, global bool // still cached
	}{
		{"nothing", func(r *rig) {}, true, true},
		{"CR3", func(r *rig) { r.writeCR3(r.CR3) }, false, true},
		{"INVLPG of the plain one", func(r *rig) { r.invalidatePage(va + 77) }, false, true},
		{"INVLPG of the global one", func(r *rig) { r.invalidatePage(va2) }, true, false},
		{"CR4.PGE", func(r *rig) { r.writeCR4(r.CR4 &^ CR4PGE) }, false, false},
		{"CR0.WP", func(r *rig) { r.writeCR0(r.CR0 &^ CR0WP) }, true, true},
		{"Resync", func(r *rig) { r.Resync() }, true, true},
	} {
		r := newRig(t)
		r.pte(va, va|3)
		r.pte(va2, va2|3|pteG)
		r.load8(DS, va)
		r.load8(DS, va2)
		r.pte(va, 0)
		r.pte(va2, 0)
		tt.flush(r)
		if _, ok := r.load8(DS, va); ok != tt.plain {
			t.Errorf("%s: plain translation cached = %v", tt.name, ok)
		}
		if _, ok := r.load8(DS, va2); ok != tt.global {
			t.Errorf("%s: global translation cached = %v", tt.name, ok)
		}
	}
}

func TestLargePages(t *testing.T) {
	r := newRig(t)
	r.Mem.Write64(tPD+8*5, 0x400000|ptePS|3)
	r.Mem.Write64(tPDPT+8, ptePS|3)
	r.Mem.Write64(0x4a5678, 0x1234)
	r.Mem.Write64(0x4a6678, 0x1234)
	if v, ok := r.load64(DS, 0xaa5678); !ok || v != 0x1234 {
		t.Errorf("2 MiB page: %#x %v", v, ok)
	}
	if v, ok := r.load64(DS, 1<<30|0x4a6678); !ok || v != 0x1234 {
		t.Errorf("1 GiB page: %#x %v", v, ok)
	}
	r.Mem.Write64(tPD+8*5, 0)
	if _, ok := r.load64(DS, 0xaa5678); !ok {
		t.Error("fragment must stay cached")
	}
	r.invalidatePage(0xa00000) // another 4 KiB of the same large page
	if _, ok := r.load64(DS, 0xaa5678); ok {
		t.Error("INVLPG must drop all fragments of a large page")
	}
	if r.TLB.lookup(1<<30|0x4a6678, 0) == nil {
		t.Error("INVLPG dropped another large page")
	}
}

func TestCrossingAccess(t *testing.T) {
	r := newRig(t)
	r.pte(0x200000, 0x300000|3)
	r.pte(0x201000, 0x380000|3)
	if !r.store64(DS, 0x200ffd, 0x1122334455667788) {
		t.Fatal(r.exc)
	}
	if v, _ := r.load64(DS, 0x200ffd); v != 0x1122334455667788 {
		t.Errorf("read back %#x", v)
	}
	r.want("second page", r.Mem.Read64(0x380000), 0x1122334455)
	r.pte(0x201000, 0x380000|1)
	r.invalidatePage(0x201000)
	r.Mem.Write64(0x300ff8, 0)
	if r.store64(DS, 0x200ffd, ^uint64(0)) || r.CR2 != 0x201000 || r.exc.err != 3 {
		t.Errorf("crossing store: %+v CR2=%#x", r.exc, r.CR2)
	}
	r.want("first page after a fault in the second", r.Mem.Read64(0x300ff8), 0)
}

func TestCanonical(t *testing.T) {
	r := newRig(t)
	for _, tt := range []struct {
		seg    uint8
		off    uint64
		vector uint8
	}{
		{DS, 1 << 47, VecGP}, {SS, 1 << 47, VecSS}, {GS, 1 << 47, VecGP}, {DS, 1<<47 - 4, VecGP},
		{DS, 0xffff7fffffffffff, VecGP}, {SS, 0x8000000000000000, VecSS}, {DS, 0x8000000000001000, VecGP},
	} {
		r.exc.pending = false
		if _, ok := r.load64(tt.seg, tt.off); ok || r.exc.vector != tt.vector {
			t.Errorf("load at %#x by segment %d: ok=%v %+v", tt.off, tt.seg, ok, r.exc)
		}
	}
	r.Seg[GS].Base = 0x200000 - 8
	r.Mem.Write64(0x200000, 42)
	if v, ok := r.load64(GS, 8); !ok || v != 42 {
		t.Errorf("GS base: %d %v", v, ok)
	}
}

func TestAlignmentCheck(t *testing.T) {
	r := newRig(t)
	r.user()
	r.CR0 |= CR0AM
	r.RFLAGS |= FlagAC
	r.Resync()
	if _, ok := r.load64(DS, tUser+8); !ok {
		t.Error("aligned load faults")
	}
	if _, ok := r.load64(DS, tUser+4); ok || r.exc.vector != VecAC {
		t.Errorf("misaligned load: %v %+v", ok, r.exc)
	}
	if r.store16(DS, tUser+1, 1) || r.exc.vector != VecAC {
		t.Error("misaligned store")
	}
	r.CPL = 0
	if _, ok := r.load64(DS, tUser+4); !ok {
		t.Error("CPL 0 has no alignment checks")
	}
}

func TestDeviceMemory(t *testing.T) {
	r := newRig(t)
	r.pte(0x200000, 0xfee00000|3)
	r.pte(0x201000, 0x40000000|3)
	r.bus.mmio[0xfee00020] = 7
	if v, ok := r.load32(DS, 0x200020); !ok || v != 7 {
		t.Errorf("APIC read %d %v", v, ok)
	}
	r.store32(DS, 0x201010, 99)
	r.want("device write", r.bus.mmio[0x40000010], 99)
	r.writeMSR(msrAPICBase, 0x300000|apicEnable|apicBSP)
	r.bus.mmio[0x300020] = 8
	r.pte(0x202000, 0x300000|3)
	if v, _ := r.load32(DS, 0x202020); v != 8 {
		t.Errorf("moved APIC read %d", v)
	}
}

// TestHostPagesFollowMemory: a page read, then copied by a write through another
// mapping, must show the new content; so must a restored snapshot.
func TestHostPagesFollowMemory(t *testing.T) {
	r := newRig(t)
	r.pte(0x201000, 0x200000|3)
	r.Mem.Write64(0x200000, 1)
	s := r.Mem.Snapshot()
	state := r.State
	r.load64(DS, 0x200000)
	r.store64(DS, 0x201000, 2)
	if v, _ := r.load64(DS, 0x200000); v != 2 {
		t.Errorf("stale host page: %d", v)
	}
	r.Mem.Restore(s)
	r.State = state
	if v, _ := r.load64(DS, 0x200000); v != 1 {
		t.Errorf("after restore: %d", v)
	}
}

func BenchmarkLoad64(b *testing.B) {
	r := newRig(&testing.T{})
	var sum uint64
	for i := 0; b.Loop(); i++ {
		v, _ := r.load64(DS, 0x200000+uint64(i&0x3ff8))
		sum += v
	}
}

func BenchmarkStore64(b *testing.B) {
	r := newRig(&testing.T{})
	for i := 0; b.Loop(); i++ {
		r.store64(DS, 0x200000+uint64(i&0x3ff8), uint64(i))
	}
}

func BenchmarkTLBMiss(b *testing.B) {
	r := newRig(&testing.T{})
	for b.Loop() {
		r.invalidatePage(0x200000)
		r.load64(DS, 0x200000)
	}
}
