package machine

import (
	"testing"

	"resvirt/hw/bus"
	"resvirt/sim"
)

// TestChipsetRandomly accesses the devices at random, as a kernel gone wild
// does. Nothing may break, and a machine restored on the way goes the same way.
func TestChipsetRandomly(t *testing.T) {
	ports := []uint16{
		0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1, 0x40, 0x41, 0x42, 0x43, 0x43, 0x61, 0x60, 0x70, 0x71, 0x71, 0x92, 0x80,
		0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x3fe, 0x600, 0x602, 0x608, 0x0f, 0x2f8,
	}
	loop := flat(0xe4, 0x80, 0xeb, 0xfc) // reads a port, which takes a while
	step := func(m *Machine, r *sim.Rand) {
		size := 1 << r.IntN(3)
		v := uint32(r.Uint64())
		if r.IntN(2) == 0 {
			v &= 0x3f
		}
		switch port := ports[r.IntN(len(ports))]; r.IntN(8) {
		case 0, 1:
			m.In(0, port, size)
		case 2:
			m.ReadMMIO(0, ioapicBase+r.Uint64N(0x48), 4)
		case 3:
			m.WriteMMIO(0, ioapicBase+r.Uint64N(5)*0x10, 4, uint64(v))
		case 4:
			m.Run(Until{Time: m.Now() + 1 + sim.Time(r.Uint64N(1<<r.IntN(31)))/100})
		case 5:
			m.Input([]byte{byte(v)})
		case 6:
			if _, ok := m.Interrupt(0); ok {
				v, _ := m.Interrupt(0)
				m.Acknowledge(0, v)
			}
		default:
			if port == 0x92 || port == 0x60 {
				v &^= 1 // no resets
			}
			m.Out(0, port, size, v)
		}
	}
	for seed := range uint64(20) {
		m, other := boot(t, loop), boot(t, loop)
		m.Firmware()
		r := sim.Stream(seed, t.Name())
		for i := range 1500 {
			if i%500 == 250 {
				snap, again := m.Snapshot(), r
				if NewFrom(snap).Digest() != m.Digest() {
					t.Fatalf("seed %d: a fork has another digest", seed)
				}
				other.Restore(snap)
				for range 100 {
					step(other, &again)
					step(m, &r)
				}
				if m.Digest() != other.Digest() {
					t.Fatalf("seed %d: a restored machine goes another way", seed)
				}
			}
			step(m, &r)
		}
		if s := m.Final(); s.Reason != None && s.Reason != Reset && s.Reason != PowerOff {
			t.Fatalf("seed %d: %v", seed, s)
		}
	}
}

// plug is a device that does nothing.
type plug struct{}

func (plug) Event(uint16, uint64) {}
func (plug) Save() any            { return nil }
func (plug) Load(any)             {}
func (plug) Hash(*sim.Hasher)     {}

// TestSharedLine: a PCI interrupt line is asserted while any device asserts it,
// and reaches the I/O APIC, active low, and the 8259s.
func TestSharedLine(t *testing.T) {
	m := boot(t, flat(0xf4))
	var hosts []bus.Host
	for _, slot := range []struct{ device, pin int }{{3, 0}, {7, 0}, {1, 0}, {2, 3}} {
		m.attach(pciLine(slot.device, slot.pin), func(h bus.Host) bus.Device {
			hosts = append(hosts, h)
			return plug{}
		})
	}
	check := func(pin19, pin17, irq11 bool) {
		t.Helper()
		d := &m.devices
		if asserted := d.ioapic.Pins; asserted>>19&1 == 0 != pin19 || asserted>>17&1 == 0 != pin17 || d.pic.Chip[1].Lines>>3&1 != 0 != irq11 {
			t.Errorf("pins %#x, inputs of the 8259 %#x", asserted, d.pic.Chip[1].Lines)
		}
	}
	check(false, false, false)
	hosts[0].Line(true)
	check(true, false, true)
	hosts[1].Line(true)
	hosts[0].Line(false)
	check(true, false, true)
	hosts[2].Line(true)
	hosts[3].Line(true)
	hosts[1].Line(false)
	check(false, true, true)
	hosts[2].Line(false)
	hosts[3].Line(false)
	check(false, false, false)
}
