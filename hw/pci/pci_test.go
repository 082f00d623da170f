package pci

import (
	"testing"

	"resvirt/hw/bus/bustest"
	"resvirt/sim"
)

// toy is a function with a 64-bit, a 32-bit and an I/O range and every capability.
type toy struct {
	c     *Config
	value uint64
	bar   int
	off   uint64

	resets int
}

func (f *toy) Config() *Config { return f.c }
func (f *toy) ReadBAR(bar int, off uint64, size int) uint64 {
	f.bar, f.off = bar, off
	if f.c.InTable(bar, off) {
		return ReadRegs(off, size, f.c.ReadTable)
	}
	return f.value
}
func (f *toy) WriteBAR(bar int, off uint64, size int, v uint64) {
	f.bar, f.off = bar, off
	if f.c.InTable(bar, off) {
		WriteRegs(off, size, v, f.c.WriteTable)
		return
	}
	f.value = v
}
func (f *toy) Reset()               { f.resets++ }
func (f *toy) Event(uint16, uint64) {}
func (f *toy) Save() any            { return f.c.Save() }
func (f *toy) Load(s any)           { f.c.Load(s.(State)) }
func (f *toy) Hash(h *sim.Hasher)   { f.c.Hash(h) }

func build() (*bustest.Machine, *Bus, *toy, *bustest.Slot) {
	m := bustest.New(4096)
	s0, s1 := m.Slot(), m.Slot()
	b := NewBus(s0)
	s0.Device = b
	f := &toy{c: NewConfig(&Spec{
		Vendor: 0x1234, Device: 0x5678, Class: 0x010802, Pin: 1, PM: 0x40, MSI: 0x50, MSIX: 0x70,
		BARs:    []BAR{{Size: 0x4000, Wide: true}, {Size: 0x1000}, {Size: 64, IO: true}},
		Vectors: 3, Table: 0x2000, PBA: 0x3000,
	}, s1)}
	s1.Device = f
	b.Add(3, f, 11)
	return m, b, f, s1
}

func (b *Bus) conf(dev, reg int) uint32 {
	b.Address().Out(0, 4, 1<<31|uint32(dev)<<11|uint32(reg&^3))
	return b.Data().In(uint16(reg&3), 4-reg&3)
}

func (b *Bus) setConf(dev, reg, size int, v uint32) {
	b.Address().Out(0, 4, 1<<31|uint32(dev)<<11|uint32(reg&^3))
	b.Data().Out(uint16(reg&3), size, v)
}

func TestConfigurationMechanism(t *testing.T) {
	_, b, _, _ := build()
	for _, c := range []struct {
		dev, reg int
		want     uint32
	}{
		{0, 0, 0x12378086}, {0, 8, 0x06000002}, {3, 0, 0x56781234}, {3, 8, 0x01080200}, {3, 2, 0x5678},
		{1, 0, 0xffffffff}, {3, 0x34, 0x40}, {3, 0x40, 0x00035001}, {3, 0x50, 0x00807005}, {3, 0x70, 0x00020011},
		{3, 0x74, 0x2000}, {3, 0x78, 0x3000}, {3, 0x3c, 0x010b}, {3, 4, 0x00100003},
	} {
		if got := b.conf(c.dev, c.reg); got != c.want {
			t.Errorf("device %d register %#x is %#x, want %#x", c.dev, c.reg, got, c.want)
		}
	}
	b.Address().Out(0, 4, 1<<31|3<<11|1<<8) // function 1
	if b.Data().In(0, 4) != 0xffffffff {
		t.Error("a function that does not exist answers")
	}
	b.Address().Out(0, 4, 3<<11) // not enabled
	if b.Data().In(0, 4) != 0xffffffff {
		t.Error("configuration space answers while disabled")
	}
	b.setConf(3, 0, 4, 0)
	if b.conf(3, 0) != 0x56781234 {
		t.Error("the vendor can be written")
	}
}

func TestSizingAndRouting(t *testing.T) {
	_, b, f, _ := build()
	var was [4]uint32
	for i, want := range []uint32{0xffffc004, 0xffffffff, 0xfffff000, 0xffffffc1} {
		was[i] = b.conf(3, 0x10+4*i)
		b.setConf(3, 0x10+4*i, 4, 0xffffffff)
		if got := b.conf(3, 0x10+4*i); got != want {
			t.Errorf("sizing register %d: %#x, want %#x", i, got, want)
		}
		b.setConf(3, 0x10+4*i, 4, was[i])
	}
	at := uint64(was[2] &^ 0xf)
	if b.Memory().Write(at+8-MemBase, 4, 77); f.value != 77 || f.bar != 1 || f.off != 8 {
		t.Errorf("memory write reached BAR %d, offset %#x", f.bar, f.off)
	}
	if got := b.Ports().In(uint16(was[3]&^0xf)+4-PortBase, 1); got != 77 || f.bar != 2 || f.off != 4 {
		t.Errorf("port read gives %d from BAR %d, offset %#x", got, f.bar, f.off)
	}
	b.setConf(3, 4, 2, 0)
	if b.Memory().Read(at-MemBase, 2) != 0xffff || b.Ports().In(uint16(was[3]&^0xf)-PortBase, 4) != 0xffffffff {
		t.Error("a function answers while its decoding is off")
	}
	b.setConf(3, 4, 2, 3)
	b.setConf(3, 0x44, 2, 3) // D3hot
	if b.Memory().Read(at-MemBase, 1) != 0xff {
		t.Error("a sleeping function answers")
	}
}

func TestPin(t *testing.T) {
	_, b, f, slot := build()
	if f.c.SetLevel(true); !slot.Up || b.conf(3, 4)>>16&8 == 0 {
		t.Error("the pin does not show")
	}
	if b.setConf(3, 4, 2, 1<<10); slot.Up {
		t.Error("a disabled pin is up")
	}
	if b.setConf(3, 4, 2, 4); !slot.Up {
		t.Error("an enabled pin stays down")
	}
	if b.setConf(3, 0x52, 2, 1); slot.Up {
		t.Error("the pin is up beside MSI")
	}
	b.setConf(3, 0x52, 2, 0)
	if f.c.SetLevel(false); slot.Up {
		t.Error("the pin stays up")
	}
}

func TestMessages(t *testing.T) {
	m, b, f, _ := build()
	b.setConf(3, 4, 2, 7)
	b.setConf(3, 0x54, 4, 0xfee01000)
	b.setConf(3, 0x5c, 2, 0x4041)
	if f.c.Signal(2); len(m.Messages) != 0 {
		t.Error("a message while MSI is off")
	}
	b.setConf(3, 0x52, 2, 1)
	if f.c.Signal(2); len(m.Messages) != 1 || m.Messages[0] != (bustest.Message{Addr: 0xfee01000, Data: 0x4041}) {
		t.Errorf("MSI sent %v", m.Messages)
	}
	b.setConf(3, 0x52, 2, 0)

	bar := uint64(b.conf(3, 0x10)&^0xf) - MemBase
	b.Memory().Write(bar+0x2020, 8, 0xfee02000)
	b.Memory().Write(bar+0x2028, 4, 55)
	b.setConf(3, 0x72, 2, 0x8000)
	f.c.Signal(2)
	if got := b.Memory().Read(bar+0x3000, 8); got != 4 || len(m.Messages) != 1 {
		t.Errorf("masked vector: pending bits %#x", got)
	}
	b.Memory().Write(bar+0x202c, 4, 0)
	if len(m.Messages) != 2 || m.Messages[1] != (bustest.Message{Addr: 0xfee02000, Data: 55}) || b.Memory().Read(bar+0x3000, 4) != 0 {
		t.Errorf("unmasked vector sent %v", m.Messages)
	}
	b.setConf(3, 0x72, 2, 0xc000)
	if f.c.Signal(2); len(m.Messages) != 2 {
		t.Error("a message while the function is masked")
	}
	s := m.Save()
	d := m.Digest()
	if b.setConf(3, 0x72, 2, 0x8000); len(m.Messages) != 3 {
		t.Error("unmasking the function sends nothing")
	}
	other, _, _, _ := build()
	if other.Load(s); other.Digest() != d || d == m.Digest() {
		t.Error("the state is not the one that was saved")
	}
}

func TestMasterIsNeededForMemory(t *testing.T) {
	m, b, f, _ := build()
	buf := make([]byte, 2)
	if f.c.ReadRAM(0, buf); buf[0] != 0xff {
		t.Error("reads memory without being bus master")
	}
	if f.c.WriteRAM(0, []byte{1, 2}); m.RAM[0] != 0 {
		t.Error("writes memory without being bus master")
	}
	b.setConf(3, 4, 2, 7)
	f.c.WriteRAM(0, []byte{1, 2})
	if f.c.ReadRAM(1, buf); m.RAM[0] != 1 || buf[0] != 2 {
		t.Error("a bus master has no memory")
	}
}

func TestRegs(t *testing.T) {
	regs := []uint32{0x03020100, 0x07060504, 0x0b0a0908}
	read := func(off uint64) uint32 { return regs[off/4] }
	write := func(off uint64, v uint32) { regs[off/4] = v }
	if got := ReadRegs(3, 6, read) & (1<<48 - 1); got != 0x080706050403 {
		t.Errorf("6 bytes from 3 are %#x", got)
	}
	WriteRegs(2, 8, 0x8877665544332211, write)
	if regs[0] != 0x03020100 || regs[1] != 0x66554433 || regs[2] != 0x0b0a0908 {
		t.Errorf("registers are %#x", regs)
	}
}
