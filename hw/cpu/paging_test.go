package cpu

import "testing"

// Tables of the rigs for the other paging modes.
const (
	tDir   = 0xc000
	tTable = 0xd000
	tPDPs  = 0xe020 // page-directory pointers, 32-byte aligned
)

// newPagingRig returns a protected-mode rig whose first 4 MiB are mapped one to
// one by 32-bit page tables; entry 1 of the directory is the caller's.
func newPagingRig(t *testing.T) *rig {
	r := newLegacyRig(t)
	r.Mem.Write32(tDir, tTable|7)
	for i := range uint64(1024) {
		r.Mem.Write32(tTable+4*i, uint32(i<<12|3))
	}
	r.writeCR3(tDir)
	r.writeCR4(CR4PSE | CR4PGE)
	if !r.writeCR0(r.CR0 | CR0PG | CR0WP) {
		t.Fatal(r.exc)
	}
	return r
}

// newPAERig does the same with PAE paging, from 2 MiB pages; entries 2 and on of
// the directory are the caller's.
func newPAERig(t *testing.T) *rig {
	r := newLegacyRig(t)
	r.Mem.Write64(tPDPs, tDir|1)
	r.Mem.Write64(tDir, ptePS|3)
	r.Mem.Write64(tDir+8, 0x200000|ptePS|3)
	r.writeCR3(tPDPs)
	r.writeCR4(CR4PAE | CR4PGE)
	if !r.writeCR0(r.CR0 | CR0PG | CR0WP) {
		t.Fatal(r.exc)
	}
	return r
}

func TestPaging32(t *testing.T) {
	r := newPagingRig(t)
	r.Mem.Write64(0x700ffc, 0x8877665544332211)
	r.Mem.Write32(tTable+4*0x100, 0x700000|3)
	r.Mem.Write32(tTable+4*0x101, 0x701000|3)
	if v, ok := r.load64(DS, 0x100ffc); !ok || v != 0x8877665544332211 {
		t.Errorf("across two pages: %#x %+v", v, r.exc)
	}
	r.want("accessed", uint64(r.Mem.Read32(tTable+4*0x100)), 0x700000|3|pteA)
	r.want("accessed directory", uint64(r.Mem.Read32(tDir)), tTable|7|pteA)
	r.store32(DS, 0x100000, 1)
	r.want("dirty", uint64(r.Mem.Read32(tTable+4*0x100)), 0x700000|3|pteA|pteD)
	r.want("neighbour", uint64(r.Mem.Read32(tTable+4*0x102)), 0x102000|3)

	r.Mem.Write32(tDir+4, 0x400000|uint32(ptePS)|3) // a 4 MiB page
	if v, ok := r.load32(DS, 0x700ffc); !ok || v != 0x44332211 {
		t.Errorf("4 MiB page: %#x %+v", v, r.exc)
	}
	r.want("size in the TLB", r.TLB.lookup(0x700ffc, 0).pageSize(), 1<<22)
	r.Mem.Write32(tDir+4, 0)
	r.invalidatePage(0x400000)
	if r.TLB.lookup(0x700ffc, 0) != nil {
		t.Error("INVLPG left a fragment of a 4 MiB page")
	}
	r.Mem.Write32(tDir+4, 1<<13|uint32(ptePS)|3) // PSE-36: at 4 GiB
	if pa, ok := r.translate(0x400123, accRead, 0); !ok || pa != 1<<32|0x123 {
		t.Errorf("PSE-36: %#x %+v", pa, r.exc)
	}
	if pa, ok := r.Translate(0x400123); !ok || pa != 1<<32|0x123 {
		t.Errorf("PSE-36, from the host: %#x", pa)
	}
}

// TestPagingFaults checks error codes in the other paging modes (APM vol. 2, 8.4.2).
func TestPagingFaults(t *testing.T) {
	for _, tt := range []struct {
		name  string
		pae   bool
		do    func(r *rig)
		va    uint64
		write bool
		fetch bool
		user  bool
		code  uint32
	}{
		{"32-bit: not present", false, func(r *rig) {}, 0x400000, false, false, false, 0},
		{"32-bit: read-only", false, func(r *rig) { r.Mem.Write32(tTable+4*0x100, 0x100001) }, 0x100000, true, false, false, 3},
		{"32-bit: supervisor page", false, func(r *rig) {}, 0x100000, false, false, true, 5},
		{"32-bit: bit 21 of a 4 MiB page", false, func(r *rig) { r.Mem.Write32(tDir+4, 1<<21|1<<7|3) }, 0x400000, false, false, false, 9},
		{"32-bit: directory outside RAM", false, func(r *rig) { r.Mem.Write32(tDir+4, 0x70000003) }, 0x400000, false, false, false, 0},
		{"32-bit: no NX, no I/D bit", false, func(r *rig) { r.writeEFER(EFERNXE) }, 0x400000, false, true, false, 0},
		{"32-bit: I/D bit with SMEP", false, func(r *rig) { r.writeCR4(r.CR4 | CR4SMEP) }, 0x400000, false, true, false, 16},
		{"PAE: pointer not present", true, func(r *rig) {}, 0x40000000, false, false, false, 0},
		{"PAE: directory entry not present", true, func(r *rig) {}, 0x400000, true, false, false, 2},
		{"PAE: bit 62", true, func(r *rig) { r.Mem.Write64(tDir+16, 1<<62|0x400000|ptePS|3) }, 0x400000, false, false, false, 9},
		{"PAE: NX without NXE", true, func(r *rig) { r.Mem.Write64(tDir+16, pteNX|0x400000|ptePS|3) }, 0x400000, false, false, false, 9},
		{"PAE: NX", true, func(r *rig) {
			r.writeEFER(EFERNXE)
			r.Mem.Write64(tDir+16, pteNX|0x400000|ptePS|3)
		}, 0x400000, false, true, false, 17},
	} {
		r := newPagingRig(t)
		if tt.pae {
			r = newPAERig(t)
		}
		if tt.user {
			r.user32()
		}
		tt.do(r)
		if r.access(tt.va, tt.write, tt.fetch) || r.exc.vector != VecPF || r.exc.err != tt.code || r.CR2 != tt.va {
			t.Errorf("%s: %+v CR2=%#x, want #PF(%#x)", tt.name, r.exc, r.CR2, tt.code)
		}
		if _, ok := r.Translate(tt.va); ok != (tt.code&1 != 0 && tt.code&8 == 0) {
			t.Errorf("%s: mapped for the host = %v", tt.name, ok)
		}
	}
}

func TestPagingPAE(t *testing.T) {
	r := newPAERig(t)
	r.Mem.Write64(tDir+16, tTable|3)
	r.Mem.Write64(tTable+8, 0x600000|3)
	r.Mem.Write32(0x600010, 42)
	if v, ok := r.load32(DS, 0x401010); !ok || v != 42 {
		t.Errorf("4 KiB page: %d %+v", v, r.exc)
	}
	if v, ok := r.load32(DS, 0x3ff000); !ok || v != 0 {
		t.Errorf("2 MiB page: %d %+v", v, r.exc)
	}
	r.Mem.Write64(tPDPs, 0)
	r.flushTLB(true)
	if _, ok := r.load32(DS, 0x401010); !ok {
		t.Error("the pointers are registers, and were not loaded again")
	}
	r.exc.pending = false
	if !r.writeCR3(tPDPs) {
		t.Fatal(r.exc)
	}
	if _, ok := r.load32(DS, 0x401010); ok {
		t.Error("MOV to CR3 loads the pointers")
	}
	for _, bit := range []uint{1, 2, 5, 8, physBits, 63} {
		r.exc.pending = false
		r.Mem.Write64(tPDPs+24, 1|1<<bit)
		if r.writeCR3(tPDPs) || r.exc.vector != VecGP {
			t.Errorf("reserved bit %d of a pointer: %+v", bit, r.exc)
		}
	}
	r.Mem.Write64(tPDPs+24, 1<<1)
	if !r.writeCR3(tPDPs) {
		t.Error("a pointer that is not present has no reserved bits")
	}
}

// TestContexts checks what survives in the TLB with PCIDs (APM vol. 2, 5.5.1;
// SDM vol. 3, 4.10.4).
func TestContexts(t *testing.T) {
	const va, glob = 0x200000, 0x201000
	invpcid := func(kind, pcid, va uint64) func(*rig) {
		return func(r *rig) {
			r.Mem.Write64(0x300000, pcid)
			r.Mem.Write64(0x300008, va)
			r.GPR[RBX], r.GPR[RAX] = 0x300000, kind
			r.run(0x66, 0x0f, 0x38, 0x82, 0x03) // invpcid rax, [rbx]
			r.want("RIP after INVPCID", r.RIP, tCode+5)
		}
	}
	for _, tt := range []struct {
		name             string
		do               func(r *rig)
		one, two, global bool // cached in contexts 1 and 2, and globally
	}{
		{"nothing", func(r *rig) {}, true, true, true},
		{"CR3 to 1", func(r *rig) { r.writeCR3(tPML4 | 1) }, false, true, true},
		{"CR3 to 1, keeping", func(r *rig) { r.writeCR3(tPML4 | 1 | cr3Keep) }, true, true, true},
		{"CR3 to 3", func(r *rig) { r.writeCR3(tPML4 | 3) }, true, true, true},
		{"INVLPG in 2", func(r *rig) { r.invalidatePage(va) }, true, false, true},
		{"INVLPG of the global one", func(r *rig) { r.invalidatePage(glob) }, true, true, false},
		{"INVPCID of an address", invpcid(0, 1, va), false, true, true},
		{"INVPCID of a global address", invpcid(0, 1, glob), true, true, true},
		{"INVPCID of a context", invpcid(1, 1, 0), false, true, true},
		{"INVPCID of all", invpcid(2, 0, 0), false, false, false},
		{"INVPCID of all but global", invpcid(3, 0, 0), false, false, true},
		{"CR4.PCIDE off", func(r *rig) { r.writeCR4(r.CR4 &^ CR4PCIDE) }, false, false, false},
	} {
		r := newRig(t)
		r.writeCR4(r.CR4 | CR4PCIDE)
		// The two contexts use two of the addresses that share nothing.
		const other = 0x202000
		r.pte(va, va|3)
		r.pte(other, other|3)
		r.pte(glob, glob|3|pteG)
		r.writeCR3(tPML4 | 1 | cr3Keep)
		r.load8(DS, other)
		r.load8(DS, glob)
		r.writeCR3(tPML4 | 2 | cr3Keep)
		r.load8(DS, va)
		if r.TLB.lookup(other, 2) != nil || r.TLB.lookup(glob, 2) == nil {
			t.Fatal("contexts are not told apart")
		}
		if tt.name == "INVPCID of an address" {
			tt.do = invpcid(0, 1, other)
		}
		tt.do(r)
		if got := r.TLB.lookup(other, 1) != nil; got != tt.one {
			t.Errorf("%s: context 1 cached = %v", tt.name, got)
		}
		if got := r.TLB.lookup(va, 2) != nil; got != tt.two {
			t.Errorf("%s: context 2 cached = %v", tt.name, got)
		}
		if got := r.TLB.lookup(glob, 3) != nil; got != tt.global {
			t.Errorf("%s: global cached = %v", tt.name, got)
		}
	}
}

// TestINVPCIDFaults checks the operands (SDM vol. 2, INVPCID).
func TestINVPCIDFaults(t *testing.T) {
	for _, tt := range []struct {
		name           string
		kind, pcid, va uint64
		pcide, user    bool
		ok             bool
	}{
		{"unknown type", 4, 0, 0, true, false, false},
		{"wide PCID", 2, 0x1000, 0, true, false, false},
		{"address not canonical", 0, 1, 1 << 47, true, false, false},
		{"such an address does not matter", 1, 1, 1 << 47, true, false, true},
		{"PCID without PCIDE", 1, 1, 0, false, false, false},
		{"no PCID without PCIDE", 1, 0, 0, false, false, true},
		{"all without PCIDE", 2, 1, 0, false, false, true},
		{"user", 2, 0, 0, true, true, false},
	} {
		r := newRig(t)
		if tt.pcide {
			r.writeCR4(r.CR4 | CR4PCIDE)
		}
		at := uint64(tCode)
		if tt.user {
			r.user()
			at = tUser
		}
		r.Mem.Write64(tUser+0x800, tt.pcid)
		r.Mem.Write64(tUser+0x808, tt.va)
		r.GPR[RBX], r.GPR[RAX] = tUser+0x800, tt.kind
		r.run(0x66, 0x0f, 0x38, 0x82, 0x03)
		if tt.ok {
			r.want(tt.name, r.RIP, at+5)
		} else {
			r.want(tt.name, r.wantFault(VecGP, 0)[0], at)
		}
	}
}

// TestContextSwitchChangesMemory checks that host pages do not outlive a switch.
func TestContextSwitchChangesMemory(t *testing.T) {
	r := newRig(t)
	r.writeCR4(r.CR4 | CR4PCIDE)
	r.Mem.Write64(0x200000, 1)
	r.Mem.Write64(0x201000, 2)
	r.load64(DS, 0x200000)
	r.pte(0x200000, 0x201000|3)
	if v, _ := r.load64(DS, 0x200000); v != 1 {
		t.Errorf("stale in its own context: %d", v)
	}
	r.writeCR3(tPML4 | 7 | cr3Keep)
	if v, _ := r.load64(DS, 0x200000); v != 2 {
		t.Errorf("in the new context: %d", v)
	}
}
