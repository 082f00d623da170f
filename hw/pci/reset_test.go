package pci

import (
	"bytes"
	"testing"

	"resvirt/hw/bus/bustest"
)

// buildReset is a bus with a function that can be reset, set up by firmware and a driver.
func buildReset(forgets bool) (*bustest.Machine, *Bus, *toy) {
	m := bustest.New(4096)
	s0, s1 := m.Slot(), m.Slot()
	b := NewBus(s0)
	s0.Device = b
	f := &toy{c: NewConfig(&Spec{
		Vendor: 0x1234, Device: 0x5678, Class: 0x010802, Pin: 1, PM: 0x40, MSI: 0x50, MSIX: 0x70, Express: 0x80, Forgets: forgets,
		BARs:    []BAR{{Size: 0x4000, Wide: true}},
		Vectors: 3, Table: 0x2000, PBA: 0x3000,
	}, s1)}
	s1.Device = f
	b.Add(3, f, 11)
	b.setConf(3, 4, 2, cmdMaster|cmdMemory)
	b.setConf(3, 0x54, 4, 0xfee00000)
	b.setConf(3, 0x5c, 2, 0x41)
	b.setConf(3, 0x52, 2, msiEnable)
	f.c.WriteTable(0x2008, 0x42)
	return m, b, f
}

// TestExpress compares the capability with the tables of PCI Express 3.0, 7.8.
func TestExpress(t *testing.T) {
	_, b, _ := buildReset(false)
	for _, c := range []struct{ reg, want uint32 }{
		{0x70, 0x00028011},                    // MSI-X links to it
		{0x80, 0x00920010},                    // the last; version 2, integrated endpoint
		{0x84, 1<<28 | 1<<15}, {0x88, 0x2810}, // can reset; device control
	} {
		if got := b.conf(3, int(c.reg)); got != c.want {
			t.Errorf("register %#x is %08x, want %08x", c.reg, got, c.want)
		}
	}
	b.setConf(3, 0x88, 2, 0x7fff)
	if got := b.conf(3, 0x88); got != 0x7f1f {
		t.Errorf("device control is %08x: of all that is writable, the size of writes and the reset stay 0", got)
	}
}

// TestResets: what resets the function, what does not, and that nothing of what was set up
// outlives it.
func TestResets(t *testing.T) {
	for _, c := range []struct {
		name    string
		forgets bool
		write   func(b *Bus)
		want    int
	}{
		{"function level reset", false, func(b *Bus) { b.setConf(3, 0x88, 2, 1<<15) }, 1},
		{"function level reset by a byte", false, func(b *Bus) { b.setConf(3, 0x89, 1, 0x80) }, 1},
		{"device control without it", false, func(b *Bus) { b.setConf(3, 0x88, 2, 0x7fff) }, 0},
		{"device status", false, func(b *Bus) { b.setConf(3, 0x8a, 2, 0xffff) }, 0},
		{"to D3hot", true, func(b *Bus) { b.setConf(3, 0x44, 2, 3) }, 0},
		{"to D3hot and back", true, func(b *Bus) { b.setConf(3, 0x44, 2, 3); b.setConf(3, 0x44, 2, 0) }, 1},
		{"to D3hot and back, no soft reset", false, func(b *Bus) { b.setConf(3, 0x44, 2, 3); b.setConf(3, 0x44, 2, 0) }, 0},
		{"D0 again", true, func(b *Bus) { b.setConf(3, 0x44, 2, 0) }, 0},
	} {
		_, b, f := buildReset(c.forgets)
		was := f.c.Save()
		if c.write(b); f.resets != c.want {
			t.Errorf("%s: %d resets, want %d", c.name, f.resets, c.want)
		}
		fresh := NewConfig(f.c.spec, f.c.host)
		if now := f.c.Save(); f.resets == 1 && (!bytes.Equal(now.Bytes[:], fresh.Bytes[:]) || now.Table[0] != fresh.Table[0]) {
			t.Errorf("%s: something is left of the configuration\n% x", c.name, now.Bytes)
		} else if f.resets == 0 && now.Table[0] != was.Table[0] {
			t.Errorf("%s: it has lost its vectors", c.name)
		}
	}
	_, b, f := buildReset(true)
	b.setConf(3, 0x88, 2, 1<<15)
	if f.c.Signal(0); b.conf(3, 0x10) != 4 || b.conf(3, 4)&7 != 0 {
		t.Error("the function still answers at its old address")
	}
}

// gate is an IOMMU that moves pages by an offset, and refuses what is at forbidden.
type gate struct {
	offset, forbidden uint64
	ids               []uint16
}

func (g *gate) Translate(id uint16, addr uint64, write bool) (pa, n uint64, ok bool) {
	g.ids = append(g.ids, id)
	return addr + g.offset, 0x100 - addr&0xff, addr&^0xff != g.forbidden
}

func (g *gate) Interrupt(id uint16, addr uint64, data uint32) (uint64, uint32, bool) {
	return addr, data + 1, uint64(data) != g.forbidden
}

// TestRemapper: accesses go through the IOMMU piece by piece, under the function's name.
func TestRemapper(t *testing.T) {
	m, b, f := buildReset(false)
	g := &gate{offset: 0x200, forbidden: 0x300}
	b.SetRemapper(g)
	for i := range m.RAM {
		m.RAM[i] = byte(i >> 8)
	}
	got := make([]byte, 0x100)
	if !f.c.ReadRAM(0x80, got) || got[0x7f] != 2 || got[0x80] != 3 {
		t.Errorf("read % x", got)
	}
	if f.c.ReadRAM(0x280, got) || got[0x7f] != 4 || got[0x80] != 0xff {
		t.Errorf("read % x across the forbidden page", got)
	}
	if st := b.conf(3, 4) >> 16; st&statusTargetAbort == 0 {
		t.Errorf("status %04x says nothing of an abort", st)
	}
	b.setConf(3, 6, 2, statusTargetAbort)
	if st := b.conf(3, 4) >> 16; st&statusTargetAbort != 0 {
		t.Errorf("status %04x cannot be cleared", st)
	}
	if f.c.WriteRAM(0x380, make([]byte, 0x100)) || m.RAM[0x580] != 5 || m.RAM[0x600] != 0 {
		t.Error("the wrong half was written")
	}
	for _, id := range g.ids {
		if id != ID(3, 0) {
			t.Errorf("requester %04x", id)
		}
	}
	if f.c.Signal(0); len(m.Messages) != 1 || m.Messages[0] != (bustest.Message{Addr: 0xfee00000, Data: 0x42}) {
		t.Errorf("messages %v", m.Messages)
	}
	g.forbidden = 0x41
	if f.c.Signal(0); len(m.Messages) != 1 {
		t.Error("a forbidden message arrives")
	}
}

// TestTableEnds: accesses across the ends of the MSI-X structures.
func TestTableEnds(t *testing.T) {
	_, b, _ := buildReset(false)
	bar := uint64(b.conf(3, 0x10)&^0xf) - MemBase
	for _, off := range []uint64{0x1ffd, 0x202f, 0x2ffd, 0x3007} {
		for _, size := range []int{2, 4, 8} {
			b.Memory().Write(bar+off, size, 0)
			if v := b.Memory().Read(bar+off, size); v>>8&0xfffffe != 0 && off&0xff == 7 {
				t.Errorf("%d bytes at %#x are %x", size, off, v)
			}
		}
	}
}
