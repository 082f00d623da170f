package nvme

import (
	"encoding/binary"
	"testing"

	"resvirt/hw/bus/bustest"
	"resvirt/hw/disk"
	"resvirt/hw/pci"
	"resvirt/models"
	"resvirt/sim"
)

// driver is the least software that uses the controller: one I/O queue, one
// command at a time unless a test says otherwise.
type driver struct {
	t    *testing.T
	m    *bustest.Machine
	slot *bustest.Slot
	bus  *pci.Bus
	c    *Controller
	bar  uint64
	tail [queues]uint32
	head [queues]uint32
	turn [queues]bool // phase of the next new entry is 0
	id   uint16
	dev  uint32 // PCI device
}

// Places in RAM.
const (
	adminSQ = 0x1000
	adminCQ = 0x2000
	ioSQ    = 0x3000
	ioCQ    = 0x4000
	buffer  = 0x10000
	lists   = 0x8000
	ramSize = 4 << 20
	entries = 8
)

func newDriver(t *testing.T, base *disk.Spec) *driver {
	t.Helper()
	if base == nil {
		base = &disk.Spec{Bytes: 8 << 20}
	}
	d := &driver{t: t, m: bustest.New(ramSize), dev: 3}
	timing := models.DefaultTiming()
	s0 := d.m.Slot()
	d.bus = pci.NewBus(s0)
	s0.Device = d.bus
	d.slot = d.m.Slot()
	content, err := disk.New(*base)
	if err != nil {
		t.Fatal(err)
	}
	medium := d.m.Slot()
	n := NewNamespace(0, content)
	medium.Device = n
	d.c = New(d.slot, n, &timing)
	d.slot.Device = d.c
	d.bus.Add(3, d.c, 11)
	d.bar = uint64(d.conf(0x10)&^0xf) - pci.MemBase
	d.setConf(4, 2, 6)
	return d
}

func (d *driver) conf(reg int) uint32 {
	d.bus.Address().Out(0, 4, 1<<31|d.dev<<11|uint32(reg))
	return d.bus.Data().In(0, 4)
}

func (d *driver) setConf(reg, size int, v uint32) {
	d.bus.Address().Out(0, 4, 1<<31|d.dev<<11|uint32(reg&^3))
	d.bus.Data().Out(uint16(reg&3), size, v)
}

func (d *driver) reg(off uint64) uint32 { return uint32(d.bus.Memory().Read(d.bar+off, 4)) }
func (d *driver) set(off uint64, v uint32) {
	d.bus.Memory().Write(d.bar+off, 4, uint64(v))
}

// enable resets and enables the controller.
func (d *driver) enable() {
	d.t.Helper()
	d.set(regCC, 0)
	d.set(regAQA, (entries-1)<<16|(entries-1))
	d.set(regASQ, adminSQ)
	d.bus.Memory().Write(d.bar+regACQ, 8, adminCQ)
	d.set(regCC, 4<<20|6<<16|1)
	if d.reg(regCSTS) != 0 {
		d.t.Error("ready at once")
	}
	d.m.Drain()
	if d.reg(regCSTS) != 1 {
		d.t.Fatalf("CSTS = %#x", d.reg(regCSTS))
	}
	d.tail, d.head, d.turn = [queues]uint32{}, [queues]uint32{}, [queues]bool{}
}

// command is what differs between commands.
type command struct {
	op         byte
	nsid       uint32
	prp1, prp2 uint64
	dw         [6]uint32 // command dwords 10 to 15
}

func base(q int, admin, io uint64) uint64 {
	if q == 0 {
		return admin
	}
	return io
}

// put places a command in a queue without ringing.
func (d *driver) put(q int, c command) {
	e := d.m.RAM[base(q, adminSQ, ioSQ)+uint64(d.tail[q])*64:][:64]
	clear(e)
	le := binary.LittleEndian
	d.id++
	e[0] = c.op
	le.PutUint16(e[2:], d.id)
	le.PutUint32(e[4:], c.nsid)
	le.PutUint64(e[24:], c.prp1)
	le.PutUint64(e[32:], c.prp2)
	for i, v := range c.dw {
		le.PutUint32(e[40+4*i:], v)
	}
	d.tail[q] = (d.tail[q] + 1) % entries
}

func (d *driver) ring(q int) { d.set(doorbells+uint64(q)*8, d.tail[q]) }

// take returns the next completion; ok is false when there is none.
func (d *driver) take(q int) (result uint32, id, status uint16, ok bool) {
	e := d.m.RAM[base(q, adminCQ, ioCQ)+uint64(d.head[q])*16:][:16]
	le := binary.LittleEndian
	st := le.Uint16(e[14:])
	if (st&1 == 0) != d.turn[q] {
		return 0, 0, 0, false
	}
	if got := int(le.Uint16(e[10:])); got != q {
		d.t.Errorf("completion for queue %d in that of %d", got, q)
	}
	if d.head[q] = (d.head[q] + 1) % entries; d.head[q] == 0 {
		d.turn[q] = !d.turn[q]
	}
	d.set(doorbells+uint64(q)*8+4, d.head[q])
	return le.Uint32(e), le.Uint16(e[12:]), st >> 1 &^ doNotRetry, true
}

// do carries a command out and returns its result and status.
func (d *driver) do(q int, c command) (uint32, uint16) {
	d.t.Helper()
	d.put(q, c)
	d.ring(q)
	d.m.Drain()
	result, id, status, ok := d.take(q)
	if !ok || id != d.id {
		d.t.Fatalf("command %#x of queue %d: completion of %d, want %d (%v)", c.op, q, id, d.id, ok)
	}
	return result, status
}

// must is do for a command that has to succeed.
func (d *driver) must(q int, c command) uint32 {
	d.t.Helper()
	result, status := d.do(q, c)
	if status != 0 {
		d.t.Fatalf("command %#x of queue %d: status %#x", c.op, q, status)
	}
	return result
}

// start enables the controller and makes the I/O queue.
func (d *driver) start(vector uint32) {
	d.t.Helper()
	d.enable()
	d.must(0, command{op: adminCreateCQ, prp1: ioCQ, dw: [6]uint32{(entries-1)<<16 | 1, vector<<16 | 3}})
	d.must(0, command{op: adminCreateSQ, prp1: ioSQ, dw: [6]uint32{(entries-1)<<16 | 1, 1<<16 | 1}})
}

// list puts page addresses into RAM and returns where.
func (d *driver) list(at uint64, pages ...uint64) uint64 {
	for i, p := range pages {
		binary.LittleEndian.PutUint64(d.m.RAM[at+8*uint64(i):], p)
	}
	return at
}

func elapsed(d *driver, f func()) sim.Time {
	was := d.m.Time
	f()
	return d.m.Time - was
}
