package machine

import "resvirt/hw/apic"

// Interrupt lines that devices drive: 0 to 15 are the IRQs of the ISA bus, then
// come INTA# to INTD# as the PCI bus has them behind its slots.
const (
	lineTimer    = 0
	lineKeyboard = 1
	lineCOM1     = 4
	lineRTC      = 8
	lineSCI      = 9 // of the ACPI registers; level-triggered, active high
	linePCI      = 16
	lines        = linePCI + 4

	pinTimer = 2 // where the timer is wired at the I/O APIC
	pciPins  = 0xf << linePCI
)

// pciLine is the interrupt line that a PCI device drives by its pin INTA# to
// INTD#, 0 to 3: the assignment is rotated from device to device. Its number is
// that of the I/O APIC's pin; the electrical level is low when it is asserted.
func pciLine(device, pin int) int { return linePCI + (device+pin)&3 }

// pciIRQ is the input of the 8259s to which a PCI interrupt line leads as well.
func pciIRQ(line int) int { return 10 + line&1 }

// setLine notes that a device asserts its line or no longer does. A line is up
// while any device asserts it.
func (m *Machine) setLine(line, slot int, up bool) {
	was := m.state.Lines[line]
	now := was &^ (1 << slot)
	if up {
		now |= 1 << slot
	}
	m.state.Lines[line] = now
	if (was == 0) != (now == 0) {
		m.driveLine(line, now != 0)
	}
}

// driveLine carries a changed line to the interrupt controllers.
func (m *Machine) driveLine(line int, up bool) {
	d := &m.devices
	switch {
	case line >= linePCI:
		d.ioapic.SetPin(line, !up)
		d.pic.SetLine(pciIRQ(line), m.state.Lines[line]|m.state.Lines[line^2] != 0)
		return
	case line == lineTimer:
		d.ioapic.SetPin(pinTimer, up)
	default:
		d.ioapic.SetPin(line, up)
	}
	d.pic.SetLine(line, up)
}

// external carries the request of the 8259s to LINT0 of the boot processor,
// which takes as long as other interrupts do, and to the I/O APIC's first pin.
func (m *Machine) external(up bool) {
	if up == m.state.External {
		return
	}
	m.state.External = up
	m.devices.ioapic.SetPin(0, up)
	if !up {
		m.apics[0].SetPin(0, false) // a request that is withdrawn is gone at once
		return
	}
	m.state.Queue.Add(m.devices.now+m.spec.Models.IPILatency, evExternal, 0, 0)
	m.devices.sent = true
}

// fromIOAPIC delivers a message of the I/O APIC.
func (m *Machine) fromIOAPIC(ipi apic.IPI) bool { return m.interrupt(ipi, m.devices.now) }
