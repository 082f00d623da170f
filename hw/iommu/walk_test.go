package iommu

import "testing"

// TestOff: without its enable bit, or without a valid entry, addresses are what they are.
func TestOff(t *testing.T) {
	r := newRig(t)
	if pa, _, ok := r.u.Translate(device, 0x12345, true); !ok || pa != 0x12345 {
		t.Errorf("disabled: %x %v", pa, ok)
	}
	r.start()
	if pa, n, ok := r.u.Translate(device, 0x12345, true); !ok || pa != 0x12345 || n != 0x1000-0x345 {
		t.Errorf("entry that is not valid: %x %x %v", pa, n, ok)
	}
	r.quiet("nothing was refused")
}

// TestEntries: what the first words of a device table entry (2.2.2.1) allow.
func TestEntries(t *testing.T) {
	const (
		v, tv  = dteValid, dteTranslation
		ir, iw = uint64(dteRead), uint64(dteWrite)
		at     = 0x54321
	)
	for _, c := range []struct {
		name   string
		words  [4]uint64
		write  bool
		ok     bool
		code   uint64
		flags  uint64
		silent bool
	}{
		{name: "not valid, rest is nonsense", words: [4]uint64{^uint64(v)}, ok: true},
		{name: "no translation information", words: [4]uint64{v, domain}, code: 2},
		{name: "no page tables, read", words: [4]uint64{v | tv | ir, domain}, ok: true},
		{name: "no page tables, write", words: [4]uint64{v | tv | ir, domain}, write: true, code: 2, flags: 0x70},
		{name: "no page tables, may write", words: [4]uint64{v | tv | iw, domain}, write: true, ok: true},
		{name: "no page tables, may not read", words: [4]uint64{v | tv | iw, domain}, code: 2, flags: 0x50},
		{name: "all faults suppressed", words: [4]uint64{v | tv, domain | 1<<34}, silent: true},
		{name: "reserved bit 2", words: [4]uint64{v | tv | 1<<2}, code: 1, flags: 0x80},
		{name: "reserved bit 63", words: [4]uint64{v | tv | 1<<63}, write: true, code: 1, flags: 0xa0},
		{name: "guest translation, which is not offered", words: [4]uint64{v | tv | 1<<55}, code: 1, flags: 0x80},
		{name: "reserved bit 106", words: [4]uint64{v | tv | ir, 1 << 42}, code: 1, flags: 0x80},
		{name: "seven levels", words: [4]uint64{paged(7)}, code: 1, flags: 0x80},
		{name: "reserved bit 192", words: [4]uint64{v | tv | ir, 0, 0, 1}, code: 1, flags: 0x80},
		{name: "reserved interrupt control", words: [4]uint64{0, 0, 1 | 3<<60}, code: 1, flags: 0x80},
	} {
		r := newRig(t).start()
		r.entry(c.words[:]...)
		pa, _, ok := r.u.Translate(device, at, c.write)
		if ok != c.ok || ok && pa != at {
			t.Errorf("%s: %x %v", c.name, pa, ok)
		}
		if c.ok || c.silent {
			r.quiet(c.name)
			continue
		}
		dom := uint64(0)
		if c.code == 2 {
			dom = domain
		}
		r.expect(c.name, c.code, c.flags, dom, device, at)
	}
}

// TestWalk: page tables of each shape (2.2.3).
func TestWalk(t *testing.T) {
	const (
		l1, l2, l3 = rootAt + 0x1000, rootAt + 0x2000, rootAt + 0x3000
		noWrite    = ^uint64(pteWrite)
		noRead     = ^uint64(pteRead)
	)
	type at struct{ pa, v uint64 }
	for _, c := range []struct {
		name   string
		levels uint64
		tables []at
		addr   uint64
		write  bool
		want   uint64 // 0 for a fault
		flags  uint64
	}{
		{"one level", 1, []at{{rootAt + 8*3, pte(0, data)}}, 0x3456, true, data + 0x456, 0},
		{"not present", 1, nil, 0x3456, false, 0, 0},
		{"beyond what one level translates", 1, []at{{rootAt, pte(0, data)}}, 1 << 21, false, 0, 0},
		{"three levels", 3, []at{{rootAt + 8, pte(2, l2)}, {l2 + 16, pte(1, l1)}, {l1 + 24, pte(0, data)}}, 1<<30 | 2<<21 | 3<<12 | 5, false, data + 5, 0},
		{"four levels", 4, []at{{rootAt + 8*511, pte(3, l3)}, {l3 + 8, pte(2, l2)}, {l2 + 16, pte(1, l1)}, {l1 + 24, pte(0, data)}}, 511<<39 | 1<<30 | 2<<21 | 3<<12, false, data, 0},
		{"beyond four levels", 4, []at{{rootAt, pte(0, data)}}, 1 << 48, false, 0, 0},
		{"six levels, all that an address has", 6, []at{{rootAt + 8*0x7f, pte(1, l1)}, {l1, pte(0, data)}}, 0x7f << 57, false, data, 0},
		{"level left out", 3, []at{{rootAt + 8, pte(1, l1)}, {l1 + 24, pte(0, data)}}, 1<<30 | 3<<12, false, data, 0},
		{"bits of a level left out", 3, []at{{rootAt + 8, pte(1, l1)}, {l1 + 24, pte(0, data)}}, 1<<30 | 1<<21 | 3<<12, false, 0, 0},
		{"two levels left out", 4, []at{{rootAt, pte(1, l1)}, {l1, pte(0, data)}}, 0, false, data, 0},
		{"bits of the upper one", 4, []at{{rootAt, pte(1, l1)}, {l1, pte(0, data)}}, 1 << 38, false, 0, 0},
		{"2 MiB", 2, []at{{rootAt + 8, pte(0, 0)}}, 1<<21 | data | 7, false, data + 7, 0},
		{"1 GiB", 3, []at{{rootAt + 16, pte(0, 0)}}, 2<<30 | data, false, data, 0},
		{"64 KiB by the address's zero", 1, []at{{rootAt + 8*0x15, pte(7, data|0x7000)}}, 0x15678, false, data + 0x5678, 0},
		{"8 KiB", 1, []at{{rootAt + 8, pte(7, data)}}, 0x1678, false, data + 0x1678, 0},
		{"1 MiB", 1, []at{{rootAt + 8*0x85, pte(7, 0x7f000)}}, data | 0x5678, false, data + 0x5678, 0},
		{"4 MiB", 2, []at{{rootAt + 8, pte(7, 0x1ff000)}}, 2<<20 | data, false, 2<<20 | data, 0},
		{"2 MiB in the lowest level", 1, []at{{rootAt, pte(7, 0xff000)}}, 0, false, 0, 0x90},
		{"64 KiB in the second level", 2, []at{{rootAt, pte(7, 0x7000)}}, 0, false, 0, 0x90},
		{"no zero at all", 1, []at{{rootAt, pte(7, addressBits)}}, 0, false, 0, 0x90},
		{"level that does not fall", 2, []at{{rootAt, pte(2, l1)}}, 0, true, 0, 0xb0},
		{"level that rises", 2, []at{{rootAt, pte(3, l1)}}, 0, false, 0, 0x90},
		{"reserved bit of a page", 1, []at{{rootAt, pte(0, data) | 1<<52}}, 0, false, 0, 0x90},
		{"reserved bit of a table", 2, []at{{rootAt, pte(1, l1) | 1<<59}, {l1, pte(0, data)}}, 0, false, 0, 0x90},
		{"page may not be written", 1, []at{{rootAt, pte(0, data) & noWrite}}, 0, true, 0, 0x70},
		{"but read", 1, []at{{rootAt, pte(0, data) & noWrite}}, 0, false, data, 0},
		{"table may not be read", 2, []at{{rootAt, pte(1, l1) & noRead}, {l1, pte(0, data)}}, 0, false, 0, 0x50},
		{"but written", 2, []at{{rootAt, pte(1, l1) & noRead}, {l1, pte(0, data)}}, 0, true, data, 0},
	} {
		r := newRig(t).start()
		r.entry(paged(c.levels), domain)
		for _, w := range c.tables {
			r.put(w.pa, w.v)
		}
		pa, n, ok := r.u.Translate(device, c.addr, c.write)
		if ok != (c.want != 0) || ok && pa != c.want || n != 0x1000-c.addr&0xfff {
			t.Errorf("%s: %x for %x bytes, %v; want %x", c.name, pa, n, ok, c.want)
		}
		if c.want != 0 {
			r.quiet(c.name)
			continue
		}
		flags := c.flags
		if c.write {
			flags |= flagWrite
		}
		r.expect(c.name, 2, flags, domain, device, c.addr)
	}
}

// TestHardwareErrors: tables where there is no memory (2.5.4, 2.5.5), and devices beyond the
// table's end.
func TestHardwareErrors(t *testing.T) {
	r := newRig(t).start()
	r.entry(paged(2), domain)
	r.put(rootAt, pte(1, ramSize+0x5000))
	if _, _, ok := r.u.Translate(device, 0x3000, true); ok {
		t.Error("a page table out of nowhere")
	}
	r.expect("page table", 4, 1<<9|flagWrite, domain, device, ramSize+0x5018)
	if _, _, ok := r.u.Translate(0x80, 0x3000, false); ok {
		t.Error("an entry behind the table")
	}
	r.expect("beyond the table", 1, 0, 0, 0x80, 0x3000)
	r.u.Write(regDeviceTable, 8, ramSize)
	r.command(all, 0)
	if _, _, ok := r.u.Translate(device, 0x3000, false); ok {
		t.Error("a device table out of nowhere")
	}
	r.expect("device table", 3, 1<<9, 0, device, ramSize+device*dteBytes)
}

// TestSuppressed: with SE a device faults once, until its entry is read again.
func TestSuppressed(t *testing.T) {
	r := newRig(t).start()
	r.entry(paged(1), domain|1<<33)
	for range 3 {
		r.u.Translate(device, 0x3000, false)
	}
	r.expect("SE", 2, 0, domain, device, 0x3000)
	r.command(cmdDeviceEntry<<60|device, 0)
	r.u.Translate(device, 0x4000, false)
	r.expect("SE, read again", 2, 0, domain, device, 0x4000)
}

// TestExclusion: addresses of the range are not translated for those that it is meant for (2.2.6).
func TestExclusion(t *testing.T) {
	for _, c := range []struct {
		name       string
		base, word uint64
		addr       uint64
		ok         bool
	}{
		{"off", 0x7000, domain | 1<<39, 0x7000, false},
		{"for the device", 0x7001, domain | 1<<39, 0x7000, true},
		{"to the end", 0x7001, domain | 1<<39, 0x8fff, true},
		{"behind it", 0x7001, domain | 1<<39, 0x9000, false},
		{"before it", 0x7001, domain | 1<<39, 0x6fff, false},
		{"not for the device", 0x7001, domain, 0x7000, false},
		{"for all", 0x7003, domain, 0x7000, true},
	} {
		r := newRig(t).start()
		r.entry(paged(1), c.word)
		r.u.Write(regExclusionBase, 8, c.base)
		r.u.Write(regExclusionLimit, 8, 0x8000)
		if pa, _, ok := r.u.Translate(device, c.addr, true); ok != c.ok || ok && pa != c.addr {
			t.Errorf("%s: %x %v", c.name, pa, ok)
		}
	}
}
