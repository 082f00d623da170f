package nvme

import (
	"bytes"
	"testing"

	"resvirt/hw/pci"
	"resvirt/models"
	"resvirt/sim"
)

// second adds another controller to the driver's disk, as PCI device 4, with a driver of
// its own. Both drivers have the same places in RAM: they take turns.
func (d *driver) second() *driver {
	timing := models.DefaultTiming()
	o := &driver{t: d.t, m: d.m, bus: d.bus, dev: 4, slot: d.m.Slot()}
	o.c = New(o.slot, d.c.disk, &timing)
	o.slot.Device = o.c
	d.bus.Add(4, o.c, 10)
	o.bar = uint64(o.conf(0x10)&^0xf) - pci.MemBase
	o.setConf(4, 2, 6)
	return o
}

// TestDualPort: what one controller writes the other reads; a reset of one takes nothing
// from the other; each says that there are others.
func TestDualPort(t *testing.T) {
	a := newDriver(t, nil)
	b := a.second()
	a.start(0)
	for i := range 512 {
		a.m.RAM[buffer+i] = byte(i * 3)
	}
	want := bytes.Clone(a.m.RAM[buffer : buffer+512])
	a.must(1, command{op: ioWrite, nsid: 1, prp1: buffer, dw: [6]uint32{7}})
	clear(a.m.RAM[:lists])
	b.start(0)
	b.must(1, command{op: ioRead, nsid: 1, prp1: buffer + 4096, dw: [6]uint32{7}})
	if !bytes.Equal(a.m.RAM[buffer+4096:][:512], want) {
		t.Error("the second controller reads something else")
	}
	for i, d := range []*driver{a, b} {
		clear(d.m.RAM[:lists])
		d.start(0)
		d.must(0, command{op: adminIdentify, prp1: buffer, dw: [6]uint32{1}})
		who := bytes.Clone(d.m.RAM[buffer : buffer+pageSize])
		d.must(0, command{op: adminIdentify, nsid: 1, prp1: buffer})
		if who[76] != 2 || who[78] != byte(i+1) || d.m.RAM[buffer+30] != 1 || string(who[4:8]) != "0001" {
			t.Errorf("controller %d: CMIC %#x, identifier %d, NMIC %#x, serial number %s", i, who[76], who[78], d.m.RAM[buffer+30], who[4:8])
		}
	}
	if a.c.disk.Digest() != b.c.disk.Digest() || a.reg(regCSTS) != 1 {
		t.Error("there are two disks")
	}
	b.setConf(0x88, 2, 1<<15)
	if a.reg(regCSTS) != 1 {
		t.Error("the reset of one controller is that of both")
	}
}

// TestBusyMedium: a command waits for another's that came by the other controller.
func TestBusyMedium(t *testing.T) {
	a := newDriver(t, nil)
	b := a.second()
	alone := a.c.disk.occupy(0, sim.Microsecond)
	if both := b.c.disk.occupy(0, sim.Microsecond); both != 2*alone {
		t.Errorf("the second command ends at %v, the first at %v", both, alone)
	}
}

// TestFunctionLevelReset strikes after each event of a write: nothing of it happens later,
// and the controller starts as after power-on, with what its logs counted.
func TestFunctionLevelReset(t *testing.T) {
	for events := range 2 {
		d := newDriver(t, nil)
		d.start(0)
		d.must(1, command{op: ioFlush, nsid: 1})
		bar := d.conf(0x10)
		d.put(1, command{op: ioWrite, nsid: 1, prp1: buffer, dw: [6]uint32{7}})
		copy(d.m.RAM[buffer:], "written")
		d.ring(1)
		for range events {
			d.m.Step(sim.Never - 1)
		}
		d.setConf(0x88, 2, 1<<15)
		if bars := d.conf(0x10); bars != 4 || d.conf(4)&7 != 0 || d.slot.Up {
			t.Fatalf("after %d events: BAR %08x, command %x", events, bars, d.conf(4))
		}
		d.m.Drain()
		got := make([]byte, 7)
		if d.c.disk.Read(7*512, got); got[0] != 0 {
			t.Errorf("after %d events: the disk has %q", events, got)
		}
		d.setConf(0x10, 4, bar)
		d.setConf(4, 2, 6)
		if d.reg(regCSTS) != 0 || d.reg(regCC) != 0 || d.reg(regAQA) != 0 || d.reg(regASQ) != 0 || d.reg(regACQ) != 0 {
			t.Errorf("after %d events: registers are left", events)
		}
		clear(d.m.RAM[:lists])
		d.start(0)
		d.must(1, command{op: ioWrite, nsid: 1, prp1: buffer, dw: [6]uint32{7}})
		if d.c.disk.Read(7*512, got); string(got) != "written" {
			t.Errorf("after %d events: the disk has %q", events, got)
		}
	}
}

// TestRefused: with an IOMMU in the way, data that are refused fail their command, and
// queues that are refused end the controller until it is reset.
func TestRefused(t *testing.T) {
	d := newDriver(t, nil)
	d.start(0)
	wall := &wall{first: buffer, last: buffer + pageSize - 1}
	d.bus.SetRemapper(wall)
	if _, st := d.do(1, command{op: ioRead, nsid: 1, prp1: buffer}); st != transferError {
		t.Errorf("refused data: status %#x", st)
	}
	if _, st := d.do(1, command{op: ioWrite, nsid: 1, prp1: lists, prp2: buffer, dw: [6]uint32{0, 0, 23}}); st != transferError {
		t.Errorf("refused list: status %#x", st)
	}
	d.must(1, command{op: ioRead, nsid: 1, prp1: buffer + pageSize})
	for _, queue := range []uint64{ioSQ, ioCQ} {
		*wall = wallAt(queue)
		d.put(1, command{op: ioRead, nsid: 1, prp1: buffer})
		d.ring(1)
		if d.m.Drain(); d.reg(regCSTS) != cstsReady|cstsFatal {
			t.Errorf("queue at %#x refused: CSTS %#x", queue, d.reg(regCSTS))
		}
		*wall = wallAt(0)
		d.ring(1)
		if d.m.Drain(); d.reg(regCSTS) != cstsReady|cstsFatal {
			t.Error("a controller in ruins goes on")
		}
		clear(d.m.RAM[:lists])
		d.start(0)
	}
}

// wall is an IOMMU that refuses a range.
type wall struct{ first, last uint64 }

func wallAt(page uint64) wall {
	if page == 0 {
		return wall{1, 0}
	}
	return wall{page, page + pageSize - 1}
}

func (w *wall) Translate(_ uint16, addr uint64, _ bool) (pa, n uint64, ok bool) {
	return addr, pageSize - addr%pageSize, addr < w.first || addr > w.last
}

func (w *wall) Interrupt(_ uint16, addr uint64, data uint32) (uint64, uint32, bool) {
	return addr, data, true
}

// TestMaskedMessage: INTMS holds the message of MSI back, INTMC lets it go (7.5.1.1).
func TestMaskedMessage(t *testing.T) {
	d := newDriver(t, nil)
	d.start(0)
	d.setConf(0x54, 4, 0xfee00000)
	d.setConf(0x5c, 2, 0x41)
	d.setConf(0x52, 2, 1)
	d.set(regINTMS, 1)
	d.put(1, command{op: ioFlush, nsid: 1})
	d.ring(1)
	d.m.Drain()
	if len(d.m.Messages) != 0 {
		t.Errorf("masked: %v", d.m.Messages)
	}
	if d.set(regINTMC, 1); len(d.m.Messages) != 1 {
		t.Errorf("unmasked: %v", d.m.Messages)
	}
	d.take(1)
	d.set(regINTMS, 1)
	if d.set(regINTMC, 1); len(d.m.Messages) != 1 {
		t.Errorf("with nothing to tell: %v", d.m.Messages)
	}
}
