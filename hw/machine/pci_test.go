package machine

import (
	"testing"

	"resvirt/hw/disk"
	"resvirt/hw/wire"
	"resvirt/sim"
)

func pciSpec() Spec {
	spec := DefaultSpec()
	spec.Disks = []disk.Spec{{Bytes: 1 << 20}}
	spec.NICs = []NIC{{MAC: [6]byte{2, 0, 0, 0, 0, 1}}, {MAC: [6]byte{2, 0, 0, 0, 0, 2}}}
	return spec
}

// conf reads a register of a PCI device as a processor does.
func (m *Machine) conf(dev, reg uint32) uint32 {
	m.Out(0, 0xcf8, 4, 1<<31|dev<<11|reg)
	return m.In(0, 0xcfc, 4)
}

func TestPCIDevices(t *testing.T) {
	m, err := New(pciSpec())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ dev, id, irq uint32 }{
		{0, 0x12378086, 0}, {pciDisk, 0x00011234, 10}, {pciNIC, 0x100e8086, 11}, {pciNIC + 1, 0x100e8086, 10}, {9, 0xffffffff, 0xff},
	} {
		if id, irq := m.conf(c.dev, 0), m.conf(c.dev, 0x3c)&0xff; id != c.id || irq != c.irq {
			t.Errorf("device %d is %08x at IRQ %d, want %08x at %d", c.dev, id, irq, c.id, c.irq)
		}
	}
	bar := uint64(m.conf(pciDisk, 0x10) &^ 0xf)
	if v := m.ReadMMIO(0, bar+8, 4); v != 0x10400 {
		t.Errorf("the disk's version is %#x", v)
	}
	if m.Disks()[0].Size() != 1<<20 {
		t.Error("it is another disk")
	}
	plain, err := New(DefaultSpec())
	if err != nil {
		t.Fatal(err)
	}
	if plain.conf(0, 0) != 0xffffffff || plain.Disks() != nil {
		t.Error("a machine has a PCI bus that it did not ask for")
	}
}

// TestPCISnapshots has one controller send to the other and takes the state
// apart at every event, into a fork and a used machine.
func TestPCISnapshots(t *testing.T) {
	m, err := New(pciSpec())
	if err != nil {
		t.Fatal(err)
	}
	used, err := New(pciSpec())
	if err != nil {
		t.Fatal(err)
	}
	step := func(m *Machine) bool {
		e, ok := m.state.Queue.Pop(sim.Second)
		if ok {
			m.happen(e)
		}
		return ok
	}
	sendFrame(m)
	frames := 0
	m.Tap(func(sim.Time, int, []byte) { frames++ })
	for {
		snap, want := m.Snapshot(), m.Digest()
		used.Restore(snap)
		fork := NewFrom(snap)
		if used.Digest() != want || fork.Digest() != want {
			t.Fatal("another digest after restoring")
		}
		more := step(m)
		step(used)
		step(fork)
		if used.Digest() != m.Digest() || fork.Digest() != m.Digest() {
			t.Fatal("the same event leads elsewhere")
		}
		if !more {
			break
		}
	}
	if frames != 1 {
		t.Errorf("%d frames", frames)
	}
	if got := m.mem.Read32(0x3000); got != 0x12345602 {
		t.Errorf("the second controller received %#x", got)
	}
}

// sendFrame sets both controllers up by their registers and has the first send 64 bytes.
func sendFrame(m *Machine) {
	for dev := range uint32(2) {
		m.conf(pciNIC+dev, 4)
		m.Out(0, 0xcfc, 2, 7)
	}
	a, b := uint64(m.conf(pciNIC, 0x10)), uint64(m.conf(pciNIC+1, 0x10))
	set := func(base, off uint64, v uint32) { m.WriteMMIO(0, base+off, 4, uint64(v)) }
	m.mem.Write64(0x1000, 0x2000) // descriptor: 64 bytes, end of packet
	m.mem.Write64(0x1008, 64|1<<24)
	m.mem.Write64(0x1800, 0x3000)
	m.mem.Write32(0x2000, 0x12345602) // to an address that only promiscuous receivers take
	set(b, 0x2800, 0x1800)
	set(b, 0x2808, 128)
	set(b, 0x2818, 1)
	set(b, 0x100, 1<<1|1<<3|1<<4)
	set(a, 0x3800, 0x1000)
	set(a, 0x3808, 128)
	set(a, 0x400, 1<<1)
	set(a, 0x3818, 1)
}

func TestSpecOfDevices(t *testing.T) {
	for name, change := range map[string]func(*Spec){
		"nine network controllers": func(s *Spec) {
			for i := range byte(MaxNICs + 1) {
				s.NICs = append(s.NICs, NIC{MAC: [6]byte{2, 0, 0, 0, 0, i}})
			}
		},
		"a disk of nothing":                  func(s *Spec) { s.Disks = []disk.Spec{{}} },
		"nine disks":                         func(s *Spec) { s.Disks = make([]disk.Spec, maxDisks+1) },
		"a controller to no disk":            func(s *Spec) { s.NVMe = []NVMe{{0}} },
		"a disk without a controller":        func(s *Spec) { s.Disks, s.NVMe = []disk.Spec{{Bytes: 512}}, []NVMe{} },
		"nine controllers":                   func(s *Spec) { s.Disks, s.NVMe = []disk.Spec{{Bytes: 512}}, make([]NVMe, MaxNVMe+1) },
		"a controller to a disk of its mind": func(s *Spec) { s.Disks, s.NVMe = []disk.Spec{{Bytes: 512}}, []NVMe{{0}, {1}} },
		"no hardware address":                func(s *Spec) { s.NICs = make([]NIC, 1) },
		"a group's hardware address":         func(s *Spec) { s.NICs = []NIC{{MAC: [6]byte{1}}} },
		"one hardware address twice":         func(s *Spec) { s.NICs = []NIC{{MAC: [6]byte{2}}, {MAC: [6]byte{2}}} },
		"hosts alone":                        func(s *Spec) { s.Peers = []wire.Peer{wire.DefaultRemote()} },
		"a host that is nil":                 func(s *Spec) { s.NICs, s.Peers = []NIC{{MAC: [6]byte{2}}}, []wire.Peer{nil} },
	} {
		spec := DefaultSpec()
		if change(&spec); spec.Validate() == nil {
			t.Errorf("%s passes", name)
		}
	}
}
