package machine

import (
	"resvirt/hw/apic"
	"resvirt/hw/cpu"
	"resvirt/sim"
)

var _ cpu.Bus = (*Machine)(nil)

// TSC counts the periods of the clock.
func (m *Machine) TSC(_ int, clock int64) uint64 {
	return uint64(clock) / uint64(m.spec.Models.TSCPeriod)
}

// Interrupt returns the vector that waits for a processor: of the 8259s, which
// the local APIC passes through and does not rank, or else its own.
func (m *Machine) Interrupt(id int) (vector uint8, ok bool) {
	if m.apics[id].External() {
		return m.devices.pic.Vector(), true
	}
	return m.apics[id].Pending()
}

// Acknowledge moves an interrupt into service.
func (m *Machine) Acknowledge(id int, vector uint8) {
	a := m.apics[id]
	if !a.External() {
		a.Acknowledge(vector)
		return
	}
	a.ExtINT = false
	m.access(id)
	m.devices.pic.Acknowledge()
}

// ReadTPR returns the task priority as CR8 shows it.
func (m *Machine) ReadTPR(id int) uint64 { return uint64(m.apics[id].TPR >> 4) }

// WriteTPR sets it.
func (m *Machine) WriteTPR(id int, v uint64) { m.apics[id].SetTPR(uint32(v&0xf) << 4) }

// ReadAPICMSR reads a register of the x2APIC, or IA32_TSC_DEADLINE.
func (m *Machine) ReadAPICMSR(id int, msr uint32) (uint64, bool) {
	return m.apics[id].ReadMSR(m.clock(id), msr)
}

// WriteAPICMSR writes a register of the x2APIC, or IA32_TSC_DEADLINE. APIC_BASE
// and the time-stamp counter come here when they have been written, APIC_BASE
// with its old value.
func (m *Machine) WriteAPICMSR(id int, msr uint32, v uint64) bool {
	switch msr {
	case apic.BaseMSR:
		m.apics[id].BaseChanged(v)
		return true
	case apic.ClockMSR:
		m.apics[id].ClockSet(m.clock(id))
		return true
	}
	m.access(id)
	ok := m.apics[id].WriteMSR(m.clock(id), msr, v)
	m.awaitInterrupt(id)
	return ok
}

func (m *Machine) clock(id int) sim.Time { return sim.Time(m.cpus[id].Clock) }

// atAPIC tells whether a physical address lies in the page of a processor's APIC.
func (m *Machine) atAPIC(id int, pa uint64) bool {
	memory, _ := m.apics[id].Mode()
	return memory && pa>>12 == m.apics[id].Page()
}

// ReadMMIO reads device memory. Registers of the APIC are 32 bits at multiples
// of 16; other accesses are undefined (AMD APM vol. 2, 16.3.2) and here see the
// bytes of the register, or zero beside it. Where nothing answers, all bits are ones.
func (m *Machine) ReadMMIO(id int, pa uint64, size int) uint64 {
	if !m.atAPIC(id, pa) {
		if d, off := m.memDevice(pa); d != nil {
			m.access(id)
			return d.Read(off, size)
		}
		return ^uint64(0) >> (64 - 8*size)
	}
	off := uint32(pa & 0xfff)
	if off&0xc != 0 {
		return 0
	}
	v := uint64(m.apics[id].Read(m.clock(id), off&^0xf)) >> (off & 3 * 8)
	return v & (^uint64(0) >> (64 - 8*size))
}

// WriteMMIO writes device memory. The APIC ignores all but aligned 32-bit writes;
// of a wider one the lower half counts.
func (m *Machine) WriteMMIO(id int, pa uint64, size int, v uint64) {
	if !m.atAPIC(id, pa) {
		if d, off := m.memDevice(pa); d != nil {
			m.access(id)
			d.Write(off, size, v)
			m.awaitInterrupt(id)
		}
		return
	}
	if pa&0xf == 0 && size >= 4 {
		m.access(id)
		m.apics[id].Write(m.clock(id), uint32(pa&0xfff), uint32(v))
		m.awaitInterrupt(id)
	}
}
