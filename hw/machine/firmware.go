package machine

import (
	"encoding/binary"

	"resvirt/hw/acpi"
	"resvirt/hw/dev"
	"resvirt/hw/iommu"
)

// Firmware leaves the machine as a PC's firmware leaves it to an operating
// system, and returns the physical address of the ACPI root pointer. Loaders
// call it for kernels that expect a PC; it costs no virtual time.
//
// The timer runs at 18.2 Hz; the 8259s have the vectors 08h and 70h, for which the
// interrupt table has routines, and reach the boot processor through LINT0 (virtual wire
// mode); LINT1 is the NMI. As with QEMU's firmware the inputs of devices that firmware
// serves are not masked: timer, keyboard, clock, mouse, coprocessor. So HLT in real mode ends
// with the next tick. The inputs of PCI interrupts are level-triggered.
func (m *Machine) Firmware() (rsdp uint32) {
	for _, w := range [...]struct {
		port uint16
		v    uint8
	}{
		{portPIT + 3, 0x34}, {portPIT, 0}, {portPIT, 0},
		{portPIC1, 0x11}, {portPIC1 + 1, 0x08}, {portPIC1 + 1, 0x04}, {portPIC1 + 1, 0x01}, {portPIC1 + 1, 0xf8},
		{portPIC2, 0x11}, {portPIC2 + 1, 0x70}, {portPIC2 + 1, 0x02}, {portPIC2 + 1, 0x01}, {portPIC2 + 1, 0xce},
		{portTrigger + 1, 0x0c},
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
	m.placeBIOSData()
	m.mem.WriteBytes(biosROM, acpi.Tables(m.acpiConfig(), biosROM))
	return biosROM
}

// placeBIOSData fills the BIOS data area (Ralf Brown's Memory List, segment 40h), and
// clears the screen.
func (m *Machine) placeBIOSData() {
	const columns, rows, blank = 80, 25, 0x0720
	data := make([]byte, 0x100)
	for at, v := range map[int]uint16{
		0x00: portCOM1,
		0x0e: lowEnd >> 4, // the extended area
		0x10: 0x0222,      // equipment, as INT 11h says
		0x13: lowEnd >> 10,
		0x49: columns<<8 | 3, // mode 3
		0x4c: 0x1000,         // bytes of a page
		0x60: 0x0d0e,         // lines of the cursor
		0x63: dev.VGAColour,
		0x84: 16<<8 | rows - 1, // and the height of characters
	} {
		binary.LittleEndian.PutUint16(data[at:], v)
	}
	m.mem.WriteBytes(0x400, data)
	var page []byte
	for range columns * rows {
		page = binary.LittleEndian.AppendUint16(page, blank)
	}
	m.mem.WriteBytes(textPage, page)
}

const textPage = 0xb8000

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
		IOMMU:      m.iommuTable(),
	}
}

// iommuTable is what the tables say of the IOMMU: it translates for all of bus 0.
func (m *Machine) iommuTable() *acpi.IOMMU {
	if !m.spec.IOMMU {
		return nil
	}
	return &acpi.IOMMU{
		Device:     Function(IOMMUDevice),
		Capability: iommu.Capability,
		Base:       IOMMUBase,
		Features:   iommu.Features,
		Last:       0xff,
	}
}

// pciMemory is where the memory space of PCI devices begins, above all RAM.
const pciMemory = 0xc0000000
