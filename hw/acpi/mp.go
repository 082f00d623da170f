package acpi

import "encoding/binary"

// Older kernels look for the tables of Intel's MultiProcessor Specification 1.4
// (242016), which contain the same in another form.

// mpPointer is the floating pointer structure (4.1). No mode register: the
// machine starts in virtual wire mode.
func mpPointer(table uint32) []byte {
	b := []byte("_MP_")
	b = binary.LittleEndian.AppendUint32(b, table)
	b = append(b, 1, 4, 0, 0, 0, 0, 0, 0) // one paragraph, version 1.4
	b[10] = checksum(b)
	return b
}

// mpBuilder gathers the entries of the configuration table (4.3).
type mpBuilder struct {
	entries []byte
	count   uint16
}

func (m *mpBuilder) add(entry ...byte) {
	m.entries = append(m.entries, entry...)
	m.count++
}

// Types of entries and of interrupts.
const (
	mpProcessor = 0
	mpBus       = 1
	mpIOAPIC    = 2
	mpInterrupt = 3
	mpLocal     = 4

	mpINT    = 0
	mpNMI    = 1
	mpExtINT = 3

	mpPCI, mpISA = 0, 1 // numbers of the buses

	mpConforms  = 0
	mpLevelHigh = 0xd
	mpLevelLow  = 0xf
)

// mpTable is the configuration table (4.2).
func mpTable(c *Config) []byte {
	const apicVersion, ioapicVersion, signature, features = 0x10, 0x20, 0xf51, 0x201
	var m mpBuilder
	for i := range c.CPUs {
		flags := byte(1) // usable
		if i == 0 {
			flags |= 2 // the boot processor
		}
		e := binary.LittleEndian.AppendUint32([]byte{mpProcessor, byte(i), apicVersion, flags}, signature)
		m.add(append(binary.LittleEndian.AppendUint32(e, features), make([]byte, 8)...)...)
	}
	m.add(append([]byte{mpBus, mpPCI}, "PCI   "...)...)
	m.add(append([]byte{mpBus, mpISA}, "ISA   "...)...)
	m.add(binary.LittleEndian.AppendUint32([]byte{mpIOAPIC, 0, ioapicVersion, 1}, c.IOAPIC)...)
	m.interrupts(c)
	m.add(mpLocal, mpExtINT, mpConforms, 0, mpISA, 0, 0, 0)
	m.add(mpLocal, mpNMI, mpConforms, 0, mpISA, 0, 0xff, 1)

	b := []byte("PCMP")
	b = binary.LittleEndian.AppendUint16(b, uint16(44+len(m.entries)))
	b = append(b, 4, 0)
	b = append(b, oemID+"PC          "...)
	b = append(b, make([]byte, 6)...)
	b = binary.LittleEndian.AppendUint16(b, m.count)
	b = binary.LittleEndian.AppendUint32(b, c.LocalAPIC)
	b = append(b, 0, 0, 0, 0)
	b = append(b, m.entries...)
	b[7] = checksum(b)
	return b
}

// interrupts says which pin of the I/O APIC each interrupt leads to: the 8259s'
// request, the IRQs that are not PCI's, the pins of PCI devices.
func (m *mpBuilder) interrupts(c *Config) {
	pci := map[int]bool{}
	for pin := range 4 {
		pci[c.PCIIRQ(c.PCIRoute(0, pin))] = true
	}
	m.add(mpInterrupt, mpExtINT, mpConforms, 0, mpISA, 0, 0, 0)
	for irq := range 16 {
		switch {
		case irq == 0:
			m.add(mpInterrupt, mpINT, mpConforms, 0, mpISA, 0, 0, byte(c.TimerPin))
		case irq == int(c.SCI):
			m.add(mpInterrupt, mpINT, mpLevelHigh, 0, mpISA, byte(irq), 0, byte(irq))
		case irq != int(c.TimerPin) && !pci[irq]:
			m.add(mpInterrupt, mpINT, mpConforms, 0, mpISA, byte(irq), 0, byte(irq))
		}
	}
	for dev := range 32 {
		for pin := range 4 {
			m.add(mpInterrupt, mpINT, mpLevelLow, 0, mpPCI, byte(dev<<2|pin), 0, byte(c.PCIRoute(dev, pin)))
		}
	}
}
