package acpi

import (
	"bytes"
	"encoding/binary"
	"testing"
)

const base = 0xf0000

func config(cpus int) Config {
	return Config{
		CPUs: cpus, LocalAPIC: 0xfee00000, IOAPIC: 0xfec00000, TimerPin: 2, SCI: 9,
		PMEvent: 0x600, PMControl: 0x604, PMTimer: 0x608, SoftOff: 5, ResetPort: 0xcf9, ResetValue: 6, Century: 0x32,
		Serial: 0x3f8, SerialIRQ: 4, RTC: 0x70, RTCIRQ: 8, PCIConfig: 0xcf8, PCIFirst: 0xc0000000, PCILast: 0xfebfffff,
		PCIRoute: func(device, pin int) int { return 16 + (device+pin)&3 },
		PCIIRQ:   func(route int) int { return 10 + route&1 },
	}
}

// find follows the pointers from the root and returns the tables by signature,
// as an operating system does; every checksum must be right.
func find(t *testing.T, b []byte) map[string][]byte {
	t.Helper()
	if string(b[:8]) != "RSD PTR " || sum(b[:20]) != 0 || sum(b[:36]) != 0 {
		t.Fatalf("root pointer % x", b[:36])
	}
	found := map[string][]byte{}
	at := func(pa uint64) []byte {
		off := pa - base
		n := uint64(binary.LittleEndian.Uint32(b[off+4:]))
		table := b[off : off+n]
		if sig := string(table[:4]); sig != "FACS" && sum(table) != 0 {
			t.Errorf("sum of table %s is %#x", sig, sum(table))
		}
		found[string(table[:4])] = table
		return table
	}
	at(uint64(binary.LittleEndian.Uint32(b[16:])))
	xsdt := at(binary.LittleEndian.Uint64(b[24:]))
	for i := headerSize; i < len(xsdt); i += 8 {
		at(binary.LittleEndian.Uint64(xsdt[i:]))
	}
	fadt := found["FACP"]
	at(binary.LittleEndian.Uint64(fadt[fadtXDSDT:]))
	if pa := binary.LittleEndian.Uint32(fadt[fadtFACS:]); pa%64 != 0 {
		t.Errorf("FACS at %#x", pa)
	} else {
		at(uint64(pa))
	}
	return found
}

func sum(b []byte) (s byte) {
	for _, x := range b {
		s += x
	}
	return s
}

func TestTables(t *testing.T) {
	for _, cpus := range []int{1, 16} {
		found := find(t, Tables(config(cpus), base))
		for sig, size := range map[string]int{"FACP": 244, "APIC": 44 + 8*cpus + 12 + 20 + 6, "RSDT": 44, "XSDT": 52, "FACS": 64} {
			if len(found[sig]) != size {
				t.Errorf("%d CPUs: table %s has %d bytes, want %d", cpus, sig, len(found[sig]), size)
			}
		}
		if found["DSDT"] == nil {
			t.Error("no DSDT")
		}
	}
}

// TestAML: encodings as Intel's compiler produces them.
func TestAML(t *testing.T) {
	long := make([]byte, 100)
	huge := make([]byte, 5000)
	for what, c := range map[string]struct{ got, want []byte }{
		"EISAID":        {eisaID("PNP0A03"), []byte{0x0c, 0x41, 0xd0, 0x0a, 0x03}},
		"byte":          {integer(9), []byte{0x0a, 9}},
		"word":          {integer(0x1234), []byte{0x0b, 0x34, 0x12}},
		"dword":         {integer(0x1ffff), []byte{0x0c, 0xff, 0xff, 1, 0}},
		"package":       {pkg(integer(5), integer(0)), []byte{0x12, 5, 2, 0x0a, 5, 0}},
		"long package":  {sized([]byte{0x10}, long)[:3], []byte{0x10, 0x46, 0x06}},
		"huge package":  {sized([]byte{0x10}, huge)[:4], []byte{0x10, 0x8b, 0x38, 0x01}},
		"method":        {method("_PRT", 0, returns(integer(1))), []byte{0x14, 8, '_', 'P', 'R', 'T', 0, 0xa4, 1}},
		"resource":      {resources(irq(4)), []byte{0x11, 8, 0x0a, 5, 0x22, 0x10, 0, 0x79, 0}},
		"named integer": {name(`\PICF`, integer(0)), []byte{8, '\\', 'P', 'I', 'C', 'F', 0}},
	} {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s: % x, want % x", what, c.got, c.want)
		}
	}
}

// TestMP walks the entries of the older tables.
func TestMP(t *testing.T) {
	b := Tables(config(4), base)
	at := bytes.Index(b, []byte("_MP_"))
	if at%16 != 0 || sum(b[at:at+16]) != 0 {
		t.Fatalf("floating pointer at %#x: % x", at, b[at:at+16])
	}
	table := b[binary.LittleEndian.Uint32(b[at+4:])-base:]
	table = table[:binary.LittleEndian.Uint16(table[4:])]
	if string(table[:4]) != "PCMP" || sum(table) != 0 || binary.LittleEndian.Uint32(table[36:]) != 0xfee00000 {
		t.Fatalf("header % x", table[:44])
	}
	var kinds [5]int
	n := 0
	for e := table[44:]; len(e) > 0; n++ {
		kinds[e[0]]++
		size := 8
		if e[0] == mpProcessor {
			size = 20
		}
		if e[0] == mpInterrupt && e[4] == mpPCI && e[5] == 3<<2|1 && e[7] != 16 {
			t.Errorf("INTB# of device 3 leads to pin %d", e[7])
		}
		e = e[size:]
	}
	if want := [5]int{4, 2, 1, 1 + 13 + 128, 2}; kinds != want || n != int(binary.LittleEndian.Uint16(table[34:])) {
		t.Errorf("%v entries by kind, want %v; %d in all, the header says %d", kinds, want, n, binary.LittleEndian.Uint16(table[34:]))
	}
}

// TestIVRS reads the table as drivers do: blocks one after the other, with entries of four
// bytes, and takes the last kind.
func TestIVRS(t *testing.T) {
	if find(t, Tables(config(1), base))["IVRS"] != nil {
		t.Error("a table of no IOMMU")
	}
	c := config(2)
	c.IOMMU = &IOMMU{Device: 0x10, Capability: 0x40, Base: 0xfed80000, Features: 0x840, Last: 0xff}
	b := find(t, Tables(c, base))["IVRS"]
	le := binary.LittleEndian
	if b == nil || b[8] != 2 || le.Uint32(b[36:]) != 1|40<<8|64<<15 {
		t.Fatalf("table % x", b)
	}
	kinds := []byte{}
	for at := b[48:]; len(at) > 0; {
		size, header := le.Uint16(at[2:]), map[byte]int{0x10: 24, 0x11: 40}[at[0]]
		if le.Uint16(at[4:]) != 0x10 || le.Uint16(at[6:]) != 0x40 || le.Uint64(at[8:]) != 0xfed80000 || le.Uint16(at[16:]) != 0 {
			t.Errorf("block % x", at[:size])
		}
		if entries := at[header:size]; !bytes.Equal(entries, []byte{3, 0, 0, 0, 4, 0xff, 0, 0}) {
			t.Errorf("entries % x", entries)
		}
		if at[0] == 0x11 && (le.Uint64(at[24:]) != 0x840 || le.Uint64(at[32:]) != 0) || at[0] == 0x10 && le.Uint32(at[20:]) != 2<<30 {
			t.Errorf("features of block % x", at[:size])
		}
		kinds = append(kinds, at[0])
		at = at[size:]
	}
	if !bytes.Equal(kinds, []byte{0x10, 0x11}) {
		t.Errorf("blocks % x", kinds)
	}
}
