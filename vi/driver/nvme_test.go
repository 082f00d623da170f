package driver

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"unsafe"

	"resvirt/hw/bus/bustest"
	"resvirt/hw/disk"
	"resvirt/hw/nvme"
	"resvirt/hw/pci"
	"resvirt/models"
	"resvirt/sim"
	"resvirt/vi/back"
)

// world is a machine with the device and the kernel of a driver.
type world struct {
	*bustest.Machine
	next uint64
}

func newWorld() *world { return &world{Machine: bustest.New(4 << 20), next: pageSize} }

func (w *world) page() (Page, bool) {
	p := Page{At: unsafe.Pointer(&w.RAM[w.next]), Machine: w.next}
	w.next += pageSize
	return p, true
}

func (w *world) kernel() *Kernel {
	return &Kernel{Page: w.page, Now: func() uint64 { return uint64(w.Time / sim.Nanosecond) }, Wait: func() { w.Run(w.Time + 10*sim.Microsecond) }}
}

func newNVMe(t *testing.T, sectors uint64) (*world, *NVMe) {
	w := newWorld()
	s := w.Slot()
	timing := models.DefaultTiming()
	content, err := disk.New(disk.Spec{Bytes: sectors * 512})
	if err != nil {
		t.Fatal(err)
	}
	c := nvme.New(s, nvme.NewNamespace(0, content), &timing)
	s.Device = c
	c.Config().Write(4, []byte{6, 0}) // memory space, bus master
	n := &NVMe{Kernel: w.kernel()}
	n.Registers.Device = space{c}
	if !n.Start(0) {
		t.Fatal(n.Why)
	}
	if n.Sectors != sectors {
		t.Fatalf("the driver sees %d sectors, want %d", n.Sectors, sectors)
	}
	return w, n
}

// space is a function's first memory space.
type space struct{ pci.Function }

func (s space) Read(off uint64, size int) uint64     { return s.ReadBAR(0, off, size) }
func (s space) Write(off uint64, size int, v uint64) { s.WriteBAR(0, off, size, v) }

// TestNVMe writes, reads and discards pieces at any offset through one to many pages, many
// at a time, and compares with a copy of the disk; a reset in between takes no data.
func TestNVMe(t *testing.T) {
	const sectors = 4096
	w, n := newNVMe(t, sectors)
	r := rand.New(rand.NewPCG(1, 1))
	model := make([]byte, sectors*512)
	var pool [256]Page
	for i := range pool {
		pool[i], _ = w.page()
	}
	type piece struct {
		c     back.DiskCommand
		bytes []byte // where the pages are, as one
	}
	for round := range 60 {
		flying := map[uint32]piece{}
		at := 0
		sector := uint64(round % 7)
		for tag := uint32(0); at < 200; tag++ {
			k := 1 + r.IntN(nvmePages)
			c := back.DiskCommand{Op: back.DiskOp(r.IntN(4)), Tag: tag, Sector: sector, Offset: uint32(r.IntN(8)) * 512}
			pages := pool[at:][:k]
			for _, p := range pages {
				c.Pages = append(c.Pages, p.Machine)
			}
			c.Sectors = uint32(k)*8 - c.Offset/512 - uint32(r.IntN(8-int(c.Offset/512)))
			if c.Sectors == 0 || sector+uint64(c.Sectors) > sectors {
				break
			}
			size := int(c.Sectors) * 512
			memory := w.RAM[pages[0].Machine+uint64(c.Offset):][:size] // the pool is contiguous here
			disk := model[sector*512:][:size]
			switch c.Op {
			case back.DiskWrite:
				for i := range memory {
					memory[i] = byte(r.Uint32())
				}
				copy(disk, memory)
			case back.DiskRead:
				clear(memory)
			case back.DiskDiscard:
				clear(disk)
			}
			if !n.Submit(&c) {
				t.Fatalf("command %d finds no room", tag)
			}
			flying[tag] = piece{c, memory}
			sector += uint64(c.Sectors)
			at += k
		}
		for len(flying) > 0 {
			w.Run(w.Time + 20*sim.Microsecond)
			if !n.Check(1e9) {
				t.Fatal(n.Why)
			}
			for {
				tag, ok, more := n.Next()
				if !more {
					break
				}
				p, given := flying[tag]
				if !given || !ok {
					t.Fatalf("round %d: end of command %d: given %v, ok %v", round, tag, given, ok)
				}
				delete(flying, tag)
				if p.c.Op == back.DiskRead && !bytes.Equal(p.bytes, model[p.c.Sector*512:][:len(p.bytes)]) {
					t.Fatalf("round %d: wrong bytes of sector %d", round, p.c.Sector)
				}
			}
		}
		if round%20 == 19 && !n.Start(0) {
			t.Fatal(n.Why)
		}
	}
}

// TestNVMeErrors: an error of the disk is that command's end, and the driver goes on; a
// command that never ends, and a controller that stops, are seen.
func TestNVMeErrors(t *testing.T) {
	w, n := newNVMe(t, 64)
	p, _ := w.page()
	c := back.DiskCommand{Op: back.DiskRead, Tag: 5, Sector: 60, Sectors: 8, Pages: []uint64{p.Machine}}
	n.Submit(&c)
	w.Drain()
	if tag, ok, more := n.Next(); tag != 5 || ok || !more {
		t.Errorf("a read behind the end: tag %d, ok %v, more %v", tag, ok, more)
	}
	c.Sector = 0
	n.Submit(&c)
	w.Time += 2 * sim.Second // and no event happens
	if n.Check(1e9) {
		t.Error("a command of two seconds is in order")
	}
	if !n.Start(0) {
		t.Fatal(n.Why)
	}
	w.Drain()
	if _, _, more := n.Next(); more {
		t.Error("a command outlives a reset")
	}
	n.Registers.write(nvmeCC, 0)
	w.Drain()
	if n.Check(1e9) {
		t.Error("a controller that is off is in order")
	}
}
