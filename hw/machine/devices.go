package machine

import (
	"fmt"

	"resvirt/hw/bus"
	"resvirt/sim"
)

// slot is a device's place in the machine and its view of it.
type slot struct {
	m      *Machine
	number int
	device bus.Device
	line   int // interrupt request line that it drives, noLine if none
}

const noLine = -1

var _ bus.Host = (*slot)(nil)

// portRange and memRange say which device answers where.
type portRange struct {
	first, last uint16
	device      bus.Ports
}

type memRange struct {
	first, last uint64
	device      bus.Memory
}

// devices is the wiring of a machine; it does not change once the machine is built.
type devices struct {
	slots  []*slot
	ports  []portRange
	memory []memRange
	now    sim.Time // time of what is happening now, see bus.Host
	user   int      // the processor that accesses a device at the moment
	sent   bool     // a device sent an interrupt since the access began, see awaitInterrupt
	chipset
}

// attach adds a device, which build makes for its slot.
func (m *Machine) attach(line int, build func(bus.Host) bus.Device) {
	s := &slot{m: m, number: len(m.devices.slots), line: line}
	if s.number >= maxSlots {
		panic("BUG: machine: too many devices")
	}
	s.device = build(s)
	m.devices.slots = append(m.devices.slots, s)
}

// maxSlots is bounded by the sets of slots in State.Lines.
const maxSlots = 64

// attachPorts lets a device answer to n ports from first on.
func (m *Machine) attachPorts(first uint16, n int, d bus.Ports) {
	last := first + uint16(n-1)
	for _, r := range m.devices.ports {
		if first <= r.last && r.first <= last {
			panic(fmt.Sprintf("BUG: machine: two devices at port %#x", max(first, r.first)))
		}
	}
	m.devices.ports = append(m.devices.ports, portRange{first, last, d})
}

// attachMemory lets a device answer to n bytes from first on.
func (m *Machine) attachMemory(first, n uint64, d bus.Memory) {
	m.devices.memory = append(m.devices.memory, memRange{first, first + n - 1, d})
}

// portDevice returns the device at a port, nil if there is none, and the port's number in
// the device's range.
func (m *Machine) portDevice(port uint16) (bus.Ports, uint16) {
	for i := range m.devices.ports {
		if r := &m.devices.ports[i]; port-r.first <= r.last-r.first {
			return r.device, port - r.first
		}
	}
	return nil, 0
}

// memDevice returns the device at a physical address, nil if there is none, and the offset
// in the device's range.
func (m *Machine) memDevice(pa uint64) (bus.Memory, uint64) {
	for i := range m.devices.memory {
		if r := &m.devices.memory[i]; pa-r.first <= r.last-r.first {
			return r.device, pa - r.first
		}
	}
	return nil, 0
}

// access begins a processor's access to a device.
func (m *Machine) access(id int) {
	d := &m.devices
	d.now, d.user, d.sent = m.clock(id), id, false
}

// Now implements bus.Host.
func (s *slot) Now() sim.Time { return s.m.devices.now }

// At implements bus.Host.
func (s *slot) At(t sim.Time, what uint16, data uint64) {
	m := s.m
	t = max(t, m.devices.now)
	m.state.Queue.Add(t, evDevice, s.event(what), data)
	if m.state.Turn.Active && t < m.state.Turn.End {
		m.cpus[m.state.Turn.CPU].EndTurn = true
	}
}

// Cancel implements bus.Host.
func (s *slot) Cancel(what uint16) { s.m.state.Queue.Remove(evDevice, s.event(what)) }

// event names a device's event in the queue.
func (s *slot) event(what uint16) uint32 { return uint32(s.number)<<16 | uint32(what) }

// ReadRAM implements bus.Host.
func (s *slot) ReadRAM(pa uint64, b []byte) {
	s.m.mem.ReadBytes(pa, b)
	s.m.noteDMA(pa, uint64(len(b)))
}

// WriteRAM implements bus.Host.
func (s *slot) WriteRAM(pa uint64, b []byte) { s.m.writeDMA(pa, b) }

// Line implements bus.Host.
func (s *slot) Line(up bool) {
	if s.line != noLine {
		s.m.setLine(s.line, s.number, up)
	}
}

// Message implements bus.Host: a write to 0xFEExxxxx is an interrupt for the
// local APICs (Intel SDM vol. 3, 11.11), any other goes to RAM.
func (s *slot) Message(addr uint64, data uint32) { s.m.message(addr, data) }

// deviceEvent gives a device the event for which it asked.
func (m *Machine) deviceEvent(e sim.Event) {
	m.devices.now = e.Time
	m.devices.slots[e.A>>16].device.Event(uint16(e.A), e.B)
}

// saveDevices returns the states of all devices in the order of their slots.
func (m *Machine) saveDevices() []any {
	states := make([]any, len(m.devices.slots))
	for i, s := range m.devices.slots {
		states[i] = s.device.Save()
	}
	return states
}

// loadDevices is the reverse.
func (m *Machine) loadDevices(states []any) {
	for i, s := range m.devices.slots {
		s.device.Load(states[i])
	}
}
