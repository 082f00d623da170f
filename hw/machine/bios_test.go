package machine

import (
	"testing"

	"resvirt/hw/cpu"
)

// serve calls a BIOS service in real mode and returns the processor after it.
func serve(t *testing.T, vector uint8, regs [8]uint64) (*Machine, *cpu.CPU) {
	t.Helper()
	spec := DefaultSpec()
	spec.CPUs, spec.MemBytes = 1, 64<<20
	m, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	m.Firmware()
	m.mem.WriteBytes(0x10000, []byte{0xfb, 0xcd, vector, 0xfa, 0xf4}) // sti; int; cli; hlt
	m.enterReal(0x2000, 0x1000, 0xfff0)
	c := m.CPU(0)
	sp := c.GPR[cpu.RSP]
	copy(c.GPR[:8], regs[:])
	c.GPR[cpu.RSP] = sp
	if s := m.Run(limit); s.Reason != AllHalted || c.RIP != 5 || c.GPR[cpu.RSP] != sp {
		t.Fatalf("INT %#x: %v at %#x, SP %#x", vector, s, c.RIP, c.GPR[cpu.RSP])
	}
	return m, c
}

// TestBIOS calls services by their descriptions (Ralf Brown's Interrupt List; ACPI
// 6.5, 15.1; PCI BIOS Specification 2.1).
func TestBIOS(t *testing.T) {
	const smap = 0x534d4150
	type regs struct{ ax, cx, dx, bx uint64 }
	for _, c := range []struct {
		name     string
		vector   uint8
		in, want regs
		carry    bool
	}{
		{"video mode", 0x10, regs{ax: 0x0f00}, regs{ax: 0x5003}, false},
		{"cursor", 0x10, regs{ax: 0x0300, dx: 7}, regs{ax: 0x0300, cx: 0x0607}, false},
		{"equipment", 0x11, regs{}, regs{ax: 0x0222}, false},
		{"low memory", 0x12, regs{}, regs{ax: 639}, false},
		{"disk", 0x13, regs{ax: 0x0201}, regs{ax: 0x8601}, true},
		{"first region", 0x15, regs{0xe820, 24, smap, 0}, regs{smap, 20, smap, 1}, false},
		{"last region", 0x15, regs{0xe820, 20, smap, 5}, regs{smap, 20, smap, 0}, false},
		{"regions without signature", 0x15, regs{0xe820, 20, 0, 0}, regs{0x8620, 20, 0, 0}, true},
		{"extended memory", 0x15, regs{ax: 0x8800}, regs{ax: 63 << 10}, false},
		{"memory in two sizes", 0x15, regs{ax: 0xe801}, regs{15 << 10, 15 << 10, 48 << 4, 48 << 4}, false},
		{"A20 on", 0x15, regs{ax: 0x2401}, regs{ax: 0x0001}, false},
		{"A20?", 0x15, regs{ax: 0x2402}, regs{ax: 0x0001}, false},
		{"A20 how?", 0x15, regs{ax: 0x2403}, regs{ax: 0x0003, bx: 2}, false},
		{"wait", 0x15, regs{0x8600, 0, 100, 0}, regs{0x8600, 0, 100, 0}, false},
		{"unknown", 0x15, regs{ax: 0xc000}, regs{ax: 0x8600}, true},
		{"shift keys", 0x16, regs{ax: 0x0200}, regs{ax: 0x0200}, false},
		{"ticks", 0x1a, regs{ax: 0x0012}, regs{}, false},
		{"PCI", 0x1a, regs{ax: 0xb101}, regs{0x0001, 0, 0x20494350, 0x0210}, false},
		{"PCI register", 0x1a, regs{ax: 0xb109}, regs{0x0009, 0xffff, 0, 0}, false},
		{"no PCI service", 0x1a, regs{ax: 0xb1ff}, regs{ax: 0x81ff}, true},
		{"network boot", 0x18, regs{}, regs{ax: 0x8600}, true},
		{"user's tick", 0x1c, regs{ax: 1}, regs{ax: 1}, false},
	} {
		m, p := serve(t, c.vector, [8]uint64{cpu.RAX: c.in.ax, cpu.RCX: c.in.cx, cpu.RDX: c.in.dx, cpu.RBX: c.in.bx, cpu.RDI: 0x100})
		got := regs{p.GPR[cpu.RAX], p.GPR[cpu.RCX], p.GPR[cpu.RDX], p.GPR[cpu.RBX]}
		if got != c.want || p.RFLAGS&cpu.FlagCF != 0 != c.carry {
			t.Errorf("%s: %x, flags %#x; want %x", c.name, got, p.RFLAGS, c.want)
		}
		if c.name == "first region" && (m.word(0x20100) != 0 || m.word(0x20108) != lowEnd || m.word(0x20110) != regionRAM) {
			t.Errorf("first region: %x at %x, kind %d", m.word(0x20108), m.word(0x20100), m.word(0x20110))
		}
		if c.name == "last region" && m.word(0x20100) != 0xfee00000 {
			t.Errorf("last region is at %#x", m.word(0x20100))
		}
	}
	if m, _ := serve(t, 0x10, [8]uint64{cpu.RAX: 0x0e00 | 'x'}); string(m.Debug()) != "x" {
		t.Errorf("teletype says %q", m.Debug())
	}
	if _, p := serve(t, 0x16, [8]uint64{cpu.RAX: 0x0100}); p.RFLAGS&cpu.FlagZF == 0 {
		t.Error("there is a key")
	}
}
