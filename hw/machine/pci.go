package machine

import (
	"fmt"

	"resvirt/hw/bus"
	"resvirt/hw/disk"
	"resvirt/hw/nvme"
	"resvirt/hw/pci"
)

// NIC describes a network controller. A single one is wired to the modelled
// remote host, two are wired to each other.
type NIC struct {
	MAC [6]byte
}

const maxNICs = 2

// Devices on the PCI bus.
const (
	pciDisk = 4
	pciNIC  = 5 // the first
)

// attachPCI puts in the PCI bus and what is on it, if there is anything.
func (m *Machine) attachPCI() {
	if m.spec.Disk == nil && len(m.spec.NICs) == 0 {
		return
	}
	var b *pci.Bus
	m.attach(noLine, func(h bus.Host) bus.Device {
		b = pci.NewBus(h)
		return b
	})
	m.attachPorts(pci.AddressPort, 1, b.Address())
	m.attachPorts(pci.DataPort, 4, b.Data())
	m.attachPorts(pci.PortBase, pci.PortSize, b.Ports())
	m.attachMemory(pci.MemBase, pci.MemSize, b.Memory())
	if m.spec.Disk != nil {
		m.attachFunction(b, pciDisk, func(h bus.Host) function {
			content, err := disk.New(*m.spec.Disk)
			if err != nil {
				panic(fmt.Sprintf("BUG: machine: a disk that passed validation: %v", err))
			}
			m.devices.disk = content
			return nvme.New(h, content, &m.spec.Models)
		})
	}
}

// function is a device on the PCI bus.
type function interface {
	bus.Device
	pci.Function
}

// attachFunction adds one as PCI device number dev. Its pin is INTA#.
func (m *Machine) attachFunction(b *pci.Bus, dev int, build func(bus.Host) function) {
	line := pciLine(dev, 0)
	m.attach(line, func(h bus.Host) bus.Device {
		f := build(h)
		b.Add(dev, f, pciIRQ(line))
		return f
	})
}

// Disk is the content of the disk, nil if the machine has none. It may be
// looked at and written back to the host between runs.
func (m *Machine) Disk() *disk.Disk { return m.devices.disk }
