package machine

import (
	"fmt"

	"resvirt/hw/bus"
	"resvirt/hw/disk"
	"resvirt/hw/e1000"
	"resvirt/hw/nvme"
	"resvirt/hw/pci"
	"resvirt/hw/wire"
)

// NIC describes a network controller. A single one is wired to the modelled
// remote host, two are wired to each other.
type NIC struct {
	MAC [6]byte
}

const maxNICs = 2

// Numbers of devices on the PCI bus.
const (
	pciDisk = 4
	pciNIC  = 5 // the first
)

// attachPCI adds the PCI bus with its devices, if there are any.
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
	if len(m.spec.NICs) != 0 {
		m.attachNICs(b)
	}
}

// attachNICs adds the network controllers and the wire.
func (m *Machine) attachNICs(b *pci.Bus) {
	var w *wire.Wire
	m.attach(noLine, func(h bus.Host) bus.Device {
		w = wire.New(h, &m.spec.Models)
		return w
	})
	for i, nic := range m.spec.NICs {
		m.attachFunction(b, pciNIC+i, func(h bus.Host) function {
			c := e1000.New(h, nic.MAC, &m.spec.Models)
			c.Connect(w.Attach(i, c))
			return c
		})
	}
	if len(m.spec.NICs) == 1 {
		wire.NewRemote(w, 1)
	}
	m.devices.wire = w
}

// function is a device on the PCI bus.
type function interface {
	bus.Device
	pci.Function
}

// attachFunction adds a function as PCI device number dev. Its pin is INTA#.
func (m *Machine) attachFunction(b *pci.Bus, dev int, build func(bus.Host) function) {
	line := pciLine(dev, 0)
	m.attach(line, func(h bus.Host) bus.Device {
		f := build(h)
		b.Add(dev, f, pciIRQ(line))
		return f
	})
}

// Tap lets the host see every Ethernet frame on the wire as it arrives, also
// after Restore; nil ends that. Without network controllers there is nothing to
// see.
func (m *Machine) Tap(t wire.Tap) {
	if m.devices.wire != nil {
		m.devices.wire.Tap(t)
	}
}

// Disk is the content of the disk, nil if the machine has none. It may be
// looked at and written back to the host between runs.
func (m *Machine) Disk() *disk.Disk { return m.devices.disk }
