package machine

import (
	"testing"

	"resvirt/hw/disk"
	"resvirt/hw/wire"
	"resvirt/sim"
)

// severalSpec has three disks, of which the first is behind two controllers, three network
// controllers and a modelled host, all on a switch.
func severalSpec() Spec {
	spec := DefaultSpec()
	spec.Disks = []disk.Spec{{Bytes: 1 << 20}, {Bytes: 2 << 20}, {Bytes: 3 << 20}}
	spec.NVMe = []NVMe{{0}, {1}, {2}, {0}}
	for i := range byte(3) {
		spec.NICs = append(spec.NICs, NIC{MAC: [6]byte{2, 0, 0, 0, 0, 10 + i}})
	}
	spec.Peers = []wire.Peer{wire.DefaultRemote()}
	return spec
}

func newSeveral(t *testing.T, spec Spec) *Machine {
	t.Helper()
	m, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestSeveralFunctions: each function is where its name says, at addresses of its own.
func TestSeveralFunctions(t *testing.T) {
	m := newSeveral(t, severalSpec())
	seen := map[uint32]bool{}
	look := func(dev int, id uint32) {
		bar := m.conf(uint32(dev), 0x10) &^ 0xf
		if got := m.conf(uint32(dev), 0); got != id || bar == 0 || seen[bar] {
			t.Errorf("device %d is %08x at %08x", dev, got, bar)
		}
		seen[bar] = true
		if irq, want := m.conf(uint32(dev), 0x3c)&0xff, pciIRQ(pciLine(dev, 0)); irq != uint32(want) {
			t.Errorf("device %d at IRQ %d, want %d", dev, irq, want)
		}
	}
	for i := range 4 {
		look(NVMeDevice(i), 0x00011234)
	}
	for i := range 3 {
		look(NICDevice(i), 0x100e8086)
	}
	if len(m.Disks()) != 3 || m.Disks()[2].Size() != 3<<20 {
		t.Error("the disks are others")
	}
	all := DefaultSpec()
	all.Disks, all.NVMe = []disk.Spec{{Bytes: 512}}, make([]NVMe, MaxNVMe)
	for i := range byte(MaxNICs) {
		all.NICs = append(all.NICs, NIC{MAC: [6]byte{2, 0, 0, 0, 0, i}})
	}
	all.Peers = make([]wire.Peer, maxStations-MaxNICs)
	for i := range all.Peers {
		all.Peers[i] = wire.DefaultRemote()
	}
	all.TestDevice = true
	newSeveral(t, all) // all that there can be has room
}

// TestContentDigestedOnce: the content of a disk behind two controllers is one, in digests and
// snapshots. Digests of content are sums: counted by each controller, it would be in twice.
func TestContentDigestedOnce(t *testing.T) {
	m := newSeveral(t, severalSpec())
	was := m.Digest()
	m.Disks()[0].Write(0, []byte{1})
	changed := m.Digest()
	if m.Disks()[0].Write(0, []byte{0}); m.Digest() != was || changed == was {
		t.Error("the digest does not follow the content")
	}
	snap := m.Snapshot()
	m.Disks()[0].Write(0, []byte{2})
	fork := NewFrom(snap)
	b := make([]byte, 1)
	if fork.Disks()[0].Read(0, b); b[0] != 0 || fork.Digest() != was {
		t.Error("a snapshot has the content of later")
	}
}

// vectors lets happen what is due and returns the interrupts that the boot processor takes.
func (m *Machine) vectors(until sim.Time) (got []uint8) {
	for {
		e, ok := m.state.Queue.Pop(until)
		if !ok {
			return got
		}
		m.happen(e)
		if v, ok := m.apics[0].Pending(); ok {
			m.apics[0].Acknowledge(v)
			m.apics[0].Write(0, 0xb0, 0)
			got = append(got, v)
		}
	}
}

// TestRoutes has each network controller interrupt by its pin through the I/O APIC, then by
// MSI; the vectors are those of its own route.
func TestRoutes(t *testing.T) {
	m := newSeveral(t, severalSpec())
	m.apics[0].Write(0, 0xf0, 0x1ff)
	for i := range 3 {
		dev := uint32(NICDevice(i))
		m.conf(dev, 4)
		m.Out(0, 0xcfc, 2, 7)
		pin := uint64(pciLine(int(dev), 0))
		m.WriteMMIO(0, ioapicBase, 4, 0x11+2*pin)
		m.WriteMMIO(0, ioapicBase+0x10, 4, 0)
		m.WriteMMIO(0, ioapicBase, 4, 0x10+2*pin)
		m.WriteMMIO(0, ioapicBase+0x10, 4, uint64(0xa040+i))
	}
	for _, messages := range []bool{false, true} {
		for i := range 3 {
			dev := uint32(NICDevice(i))
			bar := uint64(m.conf(dev, 0x10))
			want := uint8(0x40 + i)
			if messages {
				want = uint8(0x50 + i)
				for _, w := range [][2]uint32{{0xf4, 0xfee00000}, {0xf8, 0}, {0xfc, uint32(want)}} {
					m.conf(dev, w[0])
					m.Out(0, 0xcfc, 4, w[1])
				}
				m.conf(dev, 0xf0)
				m.Out(0, 0xcfe, 2, 1)
			}
			m.WriteMMIO(0, bar+0xd0, 4, 4) // IMS, ICS: link
			m.WriteMMIO(0, bar+0xc8, 4, 4)
			m.ReadMMIO(0, bar+0xc0, 4) // ICR: the line goes down
			if got := m.vectors(sim.Second); len(got) != 1 || got[0] != want {
				t.Errorf("controller %d, messages %v: vectors %x, want %x", i, messages, got, want)
			}
		}
	}
}

// TestNetworkOfSeveral: a broadcast of one controller reaches the others and the host, whose
// answer reaches the one that asked, at every event of which a snapshot continues alike.
func TestNetworkOfSeveral(t *testing.T) {
	m := newSeveral(t, severalSpec())
	var from []int
	m.Tap(func(_ sim.Time, port int, f []byte) { from = append(from, port) })
	question := []byte{255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 10, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 10, 10, 0, 2, 15, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2}
	m.mem.WriteBytes(0x2000, question)
	for i := range 3 {
		dev := uint32(NICDevice(i))
		m.conf(dev, 4)
		m.Out(0, 0xcfc, 2, 7)
		bar, ring := uint64(m.conf(dev, 0x10)), uint64(0x10000+i*0x1000)
		for k := range uint64(8) {
			m.mem.Write64(ring+k*16, 0x20000+uint64(i)*0x8000+k*2048)
		}
		for _, w := range [][2]uint64{{0x2800, ring}, {0x2808, 128}, {0x2818, 7}, {0x100, 1<<1 | 1<<15}} {
			m.WriteMMIO(0, bar+w[0], 4, w[1])
		}
	}
	m.mem.Write64(0x1000, 0x2000)
	m.mem.Write64(0x1008, 42|0xb<<24)
	bar := uint64(m.conf(uint32(NICDevice(0)), 0x10))
	for _, w := range [][2]uint64{{0x3800, 0x1000}, {0x3808, 128}, {0x400, 1<<1 | 1<<3}, {0x3818, 1}} {
		m.WriteMMIO(0, bar+w[0], 4, w[1])
	}
	used := newSeveral(t, severalSpec())
	for {
		used.Restore(m.Snapshot())
		if used.Digest() != m.Digest() {
			t.Fatal("another digest after restoring")
		}
		e, more := m.state.Queue.Pop(sim.Second)
		if !more {
			break
		}
		m.happen(e)
		e, _ = used.state.Queue.Pop(sim.Second)
		used.happen(e)
		if used.Digest() != m.Digest() {
			t.Fatal("the same event leads elsewhere")
		}
	}
	var got [3]uint64
	for i := range got {
		got[i] = uint64(m.mem.Read32(0x10000+uint64(i)*0x1000+12) & 0xff)
	}
	if got[0]&got[1]&got[2]&1 != 1 || m.mem.Read64(0x20000)>>48 != 0x0002 {
		t.Errorf("descriptors %x, first frame %x", got, m.mem.Read64(0x20000))
	}
	if len(from) != 2 || from[0] != 0 || from[1] != 3 {
		t.Errorf("frames from ports %v, want the question of 0 and the answer of 3", from)
	}
}
