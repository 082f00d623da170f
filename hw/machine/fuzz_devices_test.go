package machine

import (
	"encoding/binary"
	"testing"
	"time"

	"resvirt/hw/pci"
	"resvirt/sim"
)

// FuzzDevices lets random accesses and random memory meet several functions: registers,
// configuration space, descriptors and commands, resets in the middle of work. The host
// neither panics nor hangs, and a machine restored on the way comes to the same state.
func FuzzDevices(f *testing.F) {
	for _, seed := range deviceSeeds() {
		f.Add(seed)
	}
	spec := severalSpec()
	spec.MemBytes, spec.IOMMU = fuzzRAM, true
	first, err := New(spec)
	if err != nil {
		f.Fatal(err)
	}
	devices := fuzzDevices(first)
	start := first.Snapshot()
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 8*150 {
			return
		}
		defer time.AfterFunc(time.Minute, func() { panic("BUG: machine: a device does not end its work") }).Stop()
		m := NewFrom(start)
		var fork *Machine
		for i := 0; len(data) >= 8; i++ {
			op := binary.LittleEndian.Uint64(data)
			data = data[8:]
			fuzzAccess(m, devices, op)
			if fork != nil {
				fuzzAccess(fork, devices, op)
			} else if i == 20 {
				fork = NewFrom(m.Snapshot())
			}
		}
		if fork != nil && fork.Digest() != m.Digest() {
			t.Fatal("the restored machine comes to another state")
		}
	})
}

// fuzzDevice is a function with the place of its registers.
type fuzzDevice struct {
	number uint32
	bar    uint64
}

// fuzzDevices sets the functions up as firmware and a driver begin to.
func fuzzDevices(m *Machine) (all []fuzzDevice) {
	for dev := range uint32(32) {
		if id := m.conf(dev, 0); id == 0xffffffff || dev == 0 {
			continue
		}
		m.conf(dev, 4)
		m.Out(0, 0xcfc, 2, 7)
		d := fuzzDevice{dev, uint64(m.conf(dev, 0x10) &^ 0xf)}
		if dev == IOMMUDevice {
			d.bar = IOMMUBase
		}
		all = append(all, d)
	}
	return all
}

// fuzzAccess carries out what an operation says: 2 bits which kind, 6 which function, 24
// where, 32 a value.
func fuzzAccess(m *Machine, devices []fuzzDevice, op uint64) {
	kind, at, v := op&3, op>>8&0xffffff, op>>32
	d := devices[op>>2&0x3f%uint64(len(devices))]
	switch kind {
	case 0:
		m.WriteMMIO(0, d.bar+at&0x3fff, 1<<(at>>14&3), v)
	case 1:
		m.conf(d.number, uint32(at&0xfc))
		m.Out(0, 0xcfc+uint16(at&3), 1<<(at>>8&1), uint32(v))
		m.ReadMMIO(0, d.bar+at>>10, 4)
		m.Out(0, pci.PortBase+uint16(at>>12), 4, uint32(v)) // the NICs' registers by address and data
		m.In(0, pci.PortBase+uint16(at>>12)^4, 4)
	case 2:
		m.mem.Write64(at&(fuzzRAM-1)&^7, v&0xffff|v>>16<<40) // what can be an address in RAM
	case 3:
		for range at & 15 {
			if e, ok := m.state.Queue.Pop(sim.Never - 1); ok {
				m.happen(e)
				m.cpus[0].Clock = max(m.cpus[0].Clock, int64(e.Time))
			}
		}
	}
}

// deviceSeeds are the beginnings of drivers: NVMe's admin queue, both rings of a NIC, the IOMMU
// with entries for some functions and commands.
func deviceSeeds() (seeds [][]byte) {
	write := func(b []byte, kind, device, at, v uint64) []byte {
		return binary.LittleEndian.AppendUint64(b, kind|device<<2|at<<8|v<<32)
	}
	const word = 2 << 14 // four bytes
	for device := range uint64(8) {
		var b []byte
		if device%2 == 1 {
			for _, w := range [][2]uint64{{0x00, 0x8000}, {0x08, 0x9000}, {0x0c, 8 << 24}, {0x10, 0xa000}, {0x14, 8 << 24}, {0x18, 0x101d}, {0x2008, 0x20}} {
				b = write(b, 0, 0, word|w[0], w[1])
			}
			for dev := range uint64(20) {
				b = write(b, 2, 0, 0x8000+dev<<8, 0xb603|0x6000<<16) // as Write64 below puts it together
			}
			b = write(b, 2, 0, 0xb000, 1)
		}
		for _, w := range [][2]uint64{{0x24, 0x70007}, {0x28, 0x1000}, {0x30, 0x2000}, {0x14, 0x460001}} {
			b = write(b, 0, device, word|w[0], w[1])
		}
		b = write(b, 3, 0, 4, 0)
		b = write(b, 2, 0, 0x1000, 6)
		b = write(b, 2, 0, 0x1018, 0x3000)
		b = write(b, 0, device, word|0x1000, 1)
		b = write(b, 3, 0, 4, 0)
		b = write(b, 1, device, 0x89, 0x80)
		seeds = append(seeds, b)
		b = nil
		for _, w := range [][2]uint64{{0x3800, 0x1000}, {0x3808, 128}, {0x400, 2}, {0x2800, 0x2000}, {0x2808, 128}, {0x2818, 7}, {0x100, 0x8002}, {0xd0, 0xff}} {
			b = write(b, 0, device, word|w[0], w[1])
		}
		b = write(b, 2, 0, 0x1008, 64|0x0b<<8)
		b = write(b, 0, device, word|0x3818, 4)
		b = write(b, 3, 0, 9, 0)
		b = write(b, 1, device, 0xe0, 3)
		b = write(b, 1, device, 0xe0, 0)
		seeds = append(seeds, b)
	}
	return seeds
}
