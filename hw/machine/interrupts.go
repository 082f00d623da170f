package machine

import (
	"encoding/binary"

	"resvirt/hw/apic"
	"resvirt/sim"
)

// message is a write by a device that may be a message-signalled interrupt
// (Intel SDM vol. 3, 11.11). It reaches its targets as an IPI does.
func (m *Machine) message(addr uint64, data uint32) {
	if addr>>20 != 0xfee {
		var b [4]byte
		binary.LittleEndian.PutUint32(b[:], data)
		m.writeDMA(addr, b[:])
		return
	}
	ipi := apic.IPI{
		Mode:    uint8(data >> 8 & 7),
		Vector:  uint8(data),
		Dest:    uint32(addr >> 12 & 0xff),
		Logical: addr&4 != 0,
		Level:   data&(1<<15) != 0,
	}
	m.interrupt(ipi, m.devices.now)
}

// interrupt queues an interrupt that comes from no processor and tells whether
// it has a target.
func (m *Machine) interrupt(ipi apic.IPI, now sim.Time) (taken bool) {
	b := uint64(ipi.Mode)<<8 | uint64(ipi.Vector)
	if ipi.Level {
		b |= levelBit
	}
	var match []*apic.APIC
	for i, a := range m.apics {
		if !a.Matches(noProcessor, ipi) {
			continue
		}
		if ipi.Mode == apic.ModeLowest {
			match = append(match, a)
			continue
		}
		m.state.Queue.Add(now+m.spec.Models.IPILatency, evIPI, uint32(i), b)
		taken = true
	}
	if a := apic.Lowest(match); a != nil {
		m.state.Queue.Add(now+m.spec.Models.IPILatency, evIPI, uint32(a.CPU()), b)
		taken = true
	}
	m.devices.sent = m.devices.sent || taken
	return taken
}

// awaitInterrupt ends a processor's write to a device: if it made the device send an
// interrupt, the write lasts until the interrupt has arrived. On hardware some hundred
// instructions may pass before that, and software must be ready for it. But software
// that was written for an emulator, where none pass, expects the interrupt at the next
// instruction.
func (m *Machine) awaitInterrupt(id int) {
	if m.devices.sent {
		m.devices.sent = false
		c := m.cpus[id]
		c.Clock += int64(m.spec.Models.IPILatency)
		c.EndTurn = true
	}
}

// noProcessor is the sender of interrupts that no processor sends.
const noProcessor = -1
