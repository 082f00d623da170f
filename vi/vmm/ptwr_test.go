package main

import (
	"testing"

	"resvirt/vi/abi"
)

// writeAt lets the guest's kernel execute an instruction that faults at an address.
func writeAt(v *VCPU, r *regs, addr uint64) bool {
	testCPU.cr2 = addr
	r.EntryVector, r.ErrorCode = trapPF, pfPresent|pfWrite
	return serveFault(v, r, trapPF)
}

// entry4 is the address at which the guest sees the entry that maps its page 4.
const entry4 = rootVA + 3<<12 + (pageVA>>12+4)*8

// TestTableWrites: each kind of instruction that kernels change page tables with
// has the right effect on the entry, on registers and flags, and on use counts.
func TestTableWrites(t *testing.T) {
	const rbx, rax = 0x1111, 0x2222
	for _, row := range []struct {
		name string
		code []byte
		do   func(r *regs, e uint64) // prepares registers; e is the entry of page 4
		want func(e uint64) uint64
		rax  func(e uint64) uint64
		cf   bool
	}{
		{"mov [rdi], rax", []byte{0x48, 0x89, 0x07}, func(r *regs, e uint64) { r.RAX = e | pteW },
			func(e uint64) uint64 { return e | pteW }, nil, false},
		{"movq [rdi], 0", []byte{0x48, 0xc7, 0x07, 0, 0, 0, 0}, nil, func(uint64) uint64 { return 0 }, nil, false},
		{"mov [rdi+8*rcx-16], rax", []byte{0x48, 0x89, 0x44, 0xcf, 0xf0}, func(r *regs, e uint64) { r.RAX, r.RCX = 0, 2 },
			func(uint64) uint64 { return 0 }, nil, false},
		{"xchg [rdi], rax", []byte{0x48, 0x87, 0x07}, func(r *regs, e uint64) { r.RAX = 0 },
			func(uint64) uint64 { return 0 }, func(e uint64) uint64 { return e }, false},
		{"lock cmpxchg [rdi], rbx, equal", []byte{0xf0, 0x48, 0x0f, 0xb1, 0x1f}, func(r *regs, e uint64) { r.RAX, r.RBX = e, e|pteW },
			func(e uint64) uint64 { return e | pteW }, func(e uint64) uint64 { return e }, false},
		{"lock cmpxchg [rdi], rbx, other", []byte{0xf0, 0x48, 0x0f, 0xb1, 0x1f}, func(r *regs, e uint64) { r.RAX, r.RBX = 0, 0 },
			func(e uint64) uint64 { return e }, func(e uint64) uint64 { return e }, true},
		{"lock and [rdi], -2 ", []byte{0xf0, 0x48, 0x83, 0x27, 0xfe}, nil, func(e uint64) uint64 { return e &^ pteP }, nil, false},
		{"lock btr [rdi], 0", []byte{0xf0, 0x48, 0x0f, 0xba, 0x37, 0x00}, nil, func(e uint64) uint64 { return e &^ pteP }, nil, true},
		{"lock bts [rdi], rax", []byte{0xf0, 0x48, 0x0f, 0xab, 0x07}, func(r *regs, e uint64) { r.RAX = 1 },
			func(e uint64) uint64 { return e | pteW }, func(uint64) uint64 { return 1 }, false},
		{"or byte [rdi], 2", []byte{0x80, 0x0f, 0x02}, nil, func(e uint64) uint64 { return e | pteW }, nil, false},
		{"mov dword [rdi], eax", []byte{0x89, 0x07}, func(r *regs, e uint64) { r.RAX = e&0xffffffff | pteW },
			func(e uint64) uint64 { return e | pteW }, nil, false},
		{"mov [rdi], ah", []byte{0x88, 0x27}, func(r *regs, e uint64) { r.RAX = (e&0xff | pteW) << 8 },
			func(e uint64) uint64 { return e | pteW }, nil, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			world(t, 1)
			free := heap.nfree
			d, v, _ := onGuest(t, 1)
			r := insnBytes(row.code...)
			e := got[uint64](entry4)
			r.RDI, r.RAX = entry4, 0
			if row.do != nil {
				row.do(r, e)
			}
			before := *r
			if !writeAt(v, r, entry4) {
				t.Fatal("not served")
			}
			if now := got[uint64](entry4); now != row.want(e) {
				t.Errorf("entry %#x, want %#x", now, row.want(e))
			}
			if r.RIP != before.RIP+uint64(len(row.code)) {
				t.Errorf("went on %d bytes behind, the instruction has %d", r.RIP-before.RIP, len(row.code))
			}
			want := before.RAX
			if row.rax != nil {
				want = row.rax(e)
			}
			if r.RAX != want || r.RFLAGS&flagCF != 0 != row.cf {
				t.Errorf("rax %#x, want %#x; carry %v", r.RAX, want, r.RFLAGS&flagCF != 0)
			}
			ended(t, free, d)
		})
	}
}

// TestTableWritesRefused: a write that mmu_update would refuse is the guest's
// fault, and changes nothing.
func TestTableWritesRefused(t *testing.T) {
	world(t, 1)
	free := heap.nfree
	other := createDomain(2, 8)
	foreign := allocDomainPage(other)
	d, v, m := onGuest(t, 1)
	l4, l1 := m[0], m[3]
	mov := []byte{0x48, 0x89, 0x07}
	for _, row := range []struct {
		name string
		code []byte
		addr uint64
		rax  uint64
	}{
		{"a foreign frame", mov, entry4, entryTo(foreign, pteU)},
		{"a frame that does not exist", mov, entry4, 1<<46 | pteP},
		{"a page table, writable", mov, entry4, entryTo(l1, pteW|pteU)},
		{"a large page", mov, rootVA + 2<<12, entryTo(m[4], ptePS|pteU)},
		{"a data page as L3", mov, rootVA, entryTo(m[5], pteU)},
		{"the hypervisor's slot", mov, rootVA + hvSlotFirst*8, 0},
		{"across an entry's end", mov, entry4 + 4, 0},
		{"a page that is not read-only", mov, pageVA + 1<<12, 0},
		{"a read-only page that is no table", mov, pageVA, 0},
		{"an instruction that is not known", []byte{0x0f, 0xc3, 0x07}, entry4, 0}, // movnti
		{"an instruction that is not there", nil, entry4, 0},
		{"the hypervisor", mov, m2pBase, 0},
	} {
		r := insnBytes(row.code...)
		r.RDI, r.RAX = row.addr, row.rax
		if row.code == nil {
			r.RIP = 0x7f0000000000
		}
		before, tables := *r, *tableAt(l1)
		if writeAt(v, r, row.addr) {
			t.Errorf("%s: served", row.name)
		}
		before.EntryVector, before.ErrorCode = r.EntryVector, r.ErrorCode
		if *r != before || *tableAt(l1) != tables {
			t.Errorf("%s: something changed", row.name)
		}
	}
	d.assist = 0
	r := insnBytes(mov...)
	r.RDI = entry4
	if writeAt(v, r, entry4) {
		t.Error("served without the assist")
	}
	if tableAt(l4)[hvSlotFirst] != tableAt(idleL4Frame())[hvSlotFirst] {
		t.Error("the hypervisor's slot changed")
	}
	ended(t, free, d, other)
}

// TestTableWriteRecovered: a failure after the entry was written and before the
// registers were noted does not let the guest execute the instruction twice.
func TestTableWriteRecovered(t *testing.T) {
	for _, written := range []bool{false, true} {
		recoverable(t)
		_, v, _ := onGuest(t, 1)
		r := insnBytes(0x48, 0x87, 0x07) // xchg [rdi], rax
		r.RDI = entry4
		v.isRunning = 1
		v.note(notedEntry)
		before := *r
		e := got[uint64](entry4)
		if !writeAt(v, r, entry4) || r.RAX != e {
			t.Fatal("not served")
		}
		// As if the registers had not been noted.
		after := *r
		*r = before
		v.arch.write = tableWriteLog{entry: &tableAt(walkToL1(v.arch.guestTable, pageVA))[pageVA>>12+4], value: 0, after: after}
		want := after
		if !written {
			*v.arch.write.entry, want = e, before
		}
		restoreGuest(v)
		if got := v.arch.regs; got.RAX != want.RAX || got.RIP != want.RIP {
			t.Errorf("written %v: rax %#x rip %#x, want %#x %#x", written, got.RAX, got.RIP, want.RAX, want.RIP)
		}
	}
}

// TestALU compares results and flags with their definitions.
func TestALU(t *testing.T) {
	r := world(t, 1)
	for range 20000 {
		width := uint(1) << r.UintN(4)
		a, b, c := r.Uint64()>>r.UintN(64), r.Uint64()>>r.UintN(64), r.Uint64N(2)
		mask := sizeMask(width)
		a, b = a&mask, b&mask
		for op := range uint8(8) {
			v, f := alu(op, a, b, c, width)
			sign := func(x uint64) bool { return x>>(8*width-1)&1 != 0 }
			var want uint64
			var cf, of bool
			switch op {
			case 0, 2:
				k := c * uint64(op/2)
				want = (a + b + k) & mask
				cf = want < a || k == 1 && want == a
				of = sign(a) == sign(b) && sign(a) != sign(want)
			case 3, 5, 7:
				k := uint64(0)
				if op == 3 {
					k = c
				}
				want = (a - b - k) & mask
				cf = a < b || k == 1 && a == b
				of = sign(a) != sign(b) && sign(a) != sign(want)
			case 1:
				want = a | b
			case 4:
				want = a & b
			case 6:
				want = a ^ b
			}
			if v != want || f&flagCF != 0 != cf || f&flagOF != 0 != of || f&flagZF != 0 != (want == 0) || f&flagSF != 0 != sign(want) {
				t.Fatalf("op %d of %d bytes, %#x %#x carry %d: %#x flags %#x, want %#x carry %v overflow %v", op, width, a, b, c, v, f, want, cf, of)
			}
		}
	}
}

// TestPrivileged: privileged instructions of the kernel have their effect and
// are skipped; what is not allowed is the guest's fault.
func TestPrivileged(t *testing.T) {
	world(t, 1)
	d, v, m := onGuest(t, 1)
	v.arch.iopl = 1
	for _, row := range []struct {
		name string
		code []byte
		ok   bool
	}{
		{"rdmsr", []byte{0x0f, 0x32}, true},
		{"wrmsr", []byte{0x0f, 0x30}, true},
		{"in al, 0x71", []byte{0xe4, 0x71}, true},
		{"in ax, dx", []byte{0x66, 0xed}, true},
		{"out dx, eax", []byte{0xef}, true},
		{"cli", []byte{0xfa}, true},
		{"clts", []byte{0x0f, 0x06}, true},
		{"wbinvd", []byte{0x0f, 0x09}, true},
		{"mov rax, cr0", []byte{0x0f, 0x20, 0xc0}, true},
		{"mov rax, cr3", []byte{0x0f, 0x20, 0xd8}, true},
		{"mov rax, cr8", []byte{0x44, 0x0f, 0x20, 0xc0}, false},
		{"mov cr3, rbx", []byte{0x0f, 0x22, 0xdb}, true},
		{"mov dr7, rcx", []byte{0x0f, 0x23, 0xf9}, true},
		{"invlpg [rdi]", []byte{0x0f, 0x01, 0x3f}, true},
		{"lgdt [rdi]", []byte{0x0f, 0x01, 0x17}, false},
		{"hlt", []byte{0xf4}, true},
		{"xsetbv", []byte{0x0f, 0x01, 0xd1}, false},
		{"mov ss, eax", []byte{0x8e, 0xd0}, false},
	} {
		r := insnBytes(row.code...)
		r.RCX, r.RBX, r.RAX, r.RDX = msrPAT, abi.XenPFNToCR3(uint64(m[0])), 0x1234567890, 7
		if ok := serveFault(v, r, trapGP); ok != row.ok || ok && r.RIP != pageVA+0x100+uint64(len(row.code)) {
			t.Errorf("%s: served %v, at %#x", row.name, ok, r.RIP)
		}
		switch row.name {
		case "rdmsr":
			if r.RAX != patDefault&0xffffffff || r.RDX != patDefault>>32 {
				t.Errorf("PAT %#x:%#x", r.RDX, r.RAX)
			}
		case "in al, 0x71":
			if r.RAX != 0x12345678ff {
				t.Errorf("in al: rax %#x", r.RAX)
			}
		case "in ax, dx":
			if r.RAX != 0x123456ffff {
				t.Errorf("in ax: rax %#x", r.RAX)
			}
		case "mov rax, cr3":
			if r.RAX != uint64(m[0])<<12 {
				t.Errorf("cr3 %#x", r.RAX)
			}
		}
		d.shutdown = false
	}
	v.arch.iopl, d.assist = 0, 0
	if r := insnBytes(0xec); serveFault(v, r, trapGP) {
		t.Error("in without privilege is served")
	}
	v.arch.flags &^= inKernelMode
	if r := insnBytes(0x0f, 0x32); serveFault(v, r, trapGP) {
		t.Error("user mode reads MSRs")
	}
}

// TestForcedCPUID: the VMM executes CPUID only behind the prefix, and its own
// leaves show the hypervisor.
func TestForcedCPUID(t *testing.T) {
	world(t, 1)
	_, v, _ := onGuest(t, 1)
	r := insnBytes(0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2)
	r.RAX = 0x40000000
	if !serveFault(v, r, trapUD) || r.RBX != 0x566e6558 || r.RCX != 0x65584d4d || r.RDX != 0x4d4d566e || r.RIP != pageVA+0x107 {
		t.Errorf("%#x %#x %#x %#x at %#x", r.RAX, r.RBX, r.RCX, r.RDX, r.RIP)
	}
	r = insnBytes(0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2)
	r.RAX = 1
	const xsave, apic = 1 << 26, 1 << 9
	if !serveFault(v, r, trapUD) || r.RCX&xsave != 0 || r.RCX>>31 != 1 || r.RDX&apic == 0 {
		t.Errorf("leaf 1: %#x %#x", r.RCX, r.RDX)
	}
	if r = insnBytes(0x0f, 0x0b, 'x', 'e', 'x', 0x0f, 0xa2); serveFault(v, r, trapUD) {
		t.Error("another UD2 is served")
	}
}
