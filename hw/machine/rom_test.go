package machine

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// romImage is testdata/rom.S as the end of a ROM of so many bytes.
func romImage(size int) []byte {
	page := kernelFile("rom.bin")
	return append(bytes.Repeat([]byte{0x77}, size-len(page)), page...)
}

func bootROM(t *testing.T, size int, engine Engine) *Machine {
	t.Helper()
	spec := DefaultSpec()
	spec.CPUs, spec.MemBytes, spec.Engine, spec.ROM = 1, 4<<20, engine, romImage(size)
	m, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestROM: the image runs from the reset vector to its end with all sizes and both
// engines, and in a machine that is restored on the way.
func TestROM(t *testing.T) {
	const says = "reset\n77e9\n77777777\n"
	for _, size := range []int{64 << 10, 128 << 10, 1 << 20} {
		m, plain := bootROM(t, size, Fast{}), bootROM(t, size, Plain{})
		m.Run(Until{Position: 5000})
		fork := NewFrom(m.Snapshot())
		stop := m.Run(limit)
		if stop.Reason != AllHalted || string(m.Debug()) != says || string(m.Serial()) != says {
			t.Errorf("%d: %v\n%s%s", size, stop, m.Debug(), m.Serial())
		}
		var codes []uint32
		for _, e := range m.Events() {
			codes = append(codes, e.Value)
		}
		if !slices.Equal(codes, []uint32{1, 2, 3, 4, 0xff}) {
			t.Errorf("%d: POST codes %x", size, codes)
		}
		for name, x := range map[string]*Machine{"plain": plain, "fork": fork} {
			if s := x.Run(limit); s != stop || x.Digest() != m.Digest() {
				t.Errorf("%d, %s: %v, digests equal: %v", size, name, s, x.Digest() == m.Digest())
			}
		}
	}
}

// TestROMLow: the last 128 KiB lie below 1 MiB as well, and what is below them is RAM.
func TestROMLow(t *testing.T) {
	m := bootROM(t, 1<<20, Fast{})
	for pa, rom := range map[uint64]bool{0xdffff: false, 0xe0000: true, 0xfffff: true, 0x100000: false, 0xfff00000: true, 0xffffffff: true} {
		m.mem.Write8(pa, 0x11)
		if got := m.mem.Read8(pa) == 0x11; got == rom {
			t.Errorf("%#x can be written: %v", pa, got)
		}
	}
	if m.mem.IsRAM(0xffefffff) {
		t.Error("there is memory below the ROM")
	}
	if one := bootROM(t, 64<<10, Fast{}); one.mem.IsRAM(0xfffeffff) || one.mem.Read8(0xeffff) != 0 {
		t.Error("a ROM of 64 KiB is larger")
	}
}

// TestROMRefused: sizes, and firmware of PCs by what it is known by.
func TestROMRefused(t *testing.T) {
	with := func(mark string, at int) []byte {
		rom := romImage(128 << 10)
		copy(rom[at:], mark)
		return rom
	}
	for name, c := range map[string]struct {
		rom  []byte
		want string
	}{
		"empty":      {[]byte{}, "0 bytes"},
		"small":      {romImage(32 << 10), "32768 bytes"},
		"odd":        {romImage(96 << 10), "98304 bytes"},
		"large":      {romImage(1<<20 + 64<<10), "1114112 bytes"},
		"UEFI":       {with("_FVH", 0x28), "UEFI firmware volume at 0x28"},
		"large UEFI": {append(with("_FVH", 0x28), make([]byte, 4<<20)...), "UEFI firmware volume"},
		"BIOS":       {with("_32_", 0x16dc0), "BIOS32 service directory"},
		"PIR":        {with("$PIR", 0x1f040), "PCI interrupt routing"},
		"unaligned":  {with("_32_", 0x16dc1), ""},
	} {
		spec := DefaultSpec()
		spec.ROM = c.rom
		_, err := New(spec)
		if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
