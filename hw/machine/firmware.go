package machine

import (
	"encoding/binary"

	"resvirt/hw/acpi"
	"resvirt/hw/dev"
)

// Firmware leaves the machine as a PC's firmware leaves it to an operating
// system, and returns the physical address of the ACPI root pointer. Loaders
// call it for kernels that expect a PC; it costs no virtual time.
//
// The 8259s are initialised with all inputs masked and reach the boot processor
// through LINT0 (virtual wire mode), LINT1 is the NMI, the timer runs at 18.2 Hz,
// the inputs of PCI interrupts are level-triggered.
func (m *Machine) Firmware() (rsdp uint32) {
	for _, w := range [...]struct {
		port uint16
		v    uint8
	}{
		{portPIC1, 0x11}, {portPIC1 + 1, 0x08}, {portPIC1 + 1, 0x04}, {portPIC1 + 1, 0x01}, {portPIC1 + 1, 0xff},
		{portPIC2, 0x11}, {portPIC2 + 1, 0x70}, {portPIC2 + 1, 0x02}, {portPIC2 + 1, 0x01}, {portPIC2 + 1, 0xff},
		{portTrigger + 1, 0x0c},
		{portPIT + 3, 0x34}, {portPIT, 0}, {portPIT, 0},
	} {
		m.Out(0, w.port, 1, uint32(w.v))
	}
	const spurious, lint0, lint1 = 0x0f0, 0x350, 0x360
	now := m.clock(0)
	m.apics[0].Write(now, spurious, 0x1ff)
	m.apics[0].Write(now, lint0, 0x8700) // ExtINT
	m.apics[0].Write(now, lint1, 0x8400) // NMI

	m.placeVectors()
	m.setMemoryTypes()
	data := make([]byte, 0x100) // the BIOS data area
	binary.LittleEndian.PutUint16(data[0x00:], portCOM1)
	binary.LittleEndian.PutUint16(data[0x0e:], lowEnd>>4)
	binary.LittleEndian.PutUint16(data[0x13:], lowEnd>>10)
	m.mem.WriteBytes(0x400, data)
	m.mem.WriteBytes(biosROM, acpi.Tables(m.acpiConfig(), biosROM))
	return biosROM
}

func (m *Machine) acpiConfig() acpi.Config {
	return acpi.Config{
		CPUs:       m.spec.CPUs,
		LocalAPIC:  0xfee00000,
		IOAPIC:     ioapicBase,
		TimerPin:   pinTimer,
		SCI:        lineSCI,
		PMEvent:    portPM + dev.PMStatus,
		PMControl:  portPM + dev.PMControl,
		PMTimer:    portPM + dev.PMTimer,
		SoftOff:    dev.SoftOff,
		ResetPort:  portReset,
		ResetValue: 6,
		Century:    dev.RTCCentury,
		Serial:     portCOM1,
		SerialIRQ:  lineCOM1,
		RTC:        portRTC,
		RTCIRQ:     lineRTC,
		PCIConfig:  0xcf8,
		PCIFirst:   pciMemory,
		PCILast:    ioapicBase - 1,
		PCIRoute:   pciLine,
		PCIIRQ:     pciIRQ,
	}
}

// pciMemory is where the memory space of PCI devices begins, above all RAM.
const pciMemory = 0xc0000000
