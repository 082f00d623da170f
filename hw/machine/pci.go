package machine

import (
	"fmt"

	"resvirt/hw/bus"
	"resvirt/hw/disk"
	"resvirt/hw/e1000"
	"resvirt/hw/iommu"
	"resvirt/hw/nvme"
	"resvirt/hw/pci"
	"resvirt/hw/wire"
)

// attachPCI adds the PCI bus with its devices, if there are any.
func (m *Machine) attachPCI() {
	if m.spec.none() {
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
	if m.spec.IOMMU {
		m.attachIOMMU(b)
	}
	m.attachDisks(b)
	if len(m.spec.NICs) != 0 {
		m.attachNetwork(b)
	}
}

// attachIOMMU puts an IOMMU between the bus and memory.
func (m *Machine) attachIOMMU(b *pci.Bus) {
	m.attach(noLine, func(h bus.Host) bus.Device {
		u := iommu.New(h, IOMMUBase, m.hasRAM, &m.spec.Models)
		b.Add(IOMMUDevice, u, 0)
		b.SetRemapper(u)
		m.attachMemory(IOMMUBase, iommu.Size, u)
		return u
	})
}

// hasRAM tells whether there is RAM at physical addresses.
func (m *Machine) hasRAM(pa, n uint64) bool {
	for _, r := range m.mem.Ranges() {
		if pa >= r.Base && pa-r.Base < r.Size {
			return n <= r.Size-(pa-r.Base)
		}
	}
	return false
}

// attachDisks adds the disks, and the controllers that lead to them.
func (m *Machine) attachDisks(b *pci.Bus) {
	disks := make([]*nvme.Namespace, len(m.spec.Disks))
	for i, spec := range m.spec.Disks {
		content, err := disk.New(spec)
		if err != nil {
			panic(fmt.Sprintf("BUG: machine: a disk that passed validation: %v", err))
		}
		disks[i] = nvme.NewNamespace(i, content)
		m.attach(noLine, func(bus.Host) bus.Device { return disks[i] })
		m.devices.disks = append(m.devices.disks, content)
	}
	for i, c := range m.spec.controllers() {
		m.attachFunction(b, NVMeDevice(i), func(h bus.Host) function {
			return nvme.New(h, disks[c.Disk], &m.spec.Models)
		})
	}
}

// attachNetwork adds the network controllers and the modelled hosts, with what is between them.
func (m *Machine) attachNetwork(b *pci.Bus) {
	next := m.attachCables(len(m.spec.NICs) + len(m.spec.Peers))
	for i, nic := range m.spec.NICs {
		w, end := next()
		m.attachFunction(b, NICDevice(i), func(h bus.Host) function {
			c := e1000.New(h, nic.MAC, &m.spec.Models)
			c.Connect(w.Attach(end, c))
			return c
		})
	}
	for _, p := range m.spec.Peers {
		w, end := next()
		m.attach(noLine, func(h bus.Host) bus.Device {
			s := p.Join(h, w.End(end), &m.spec.Models)
			w.Attach(end, s)
			return s
		})
	}
}

// attachCables adds what joins that many stations: one wire, or for more than two a switch
// with a wire to each. It returns a function that says which end the next station has.
func (m *Machine) attachCables(stations int) (next func() (w *wire.Wire, end int)) {
	var wires []*wire.Wire
	cable := func() {
		m.attach(noLine, func(h bus.Host) bus.Device {
			w := wire.New(h, &m.spec.Models)
			wires = append(wires, w)
			return w
		})
	}
	n := -1
	if stations <= 2 {
		cable()
		m.devices.network = wires[0]
		return func() (*wire.Wire, int) { n++; return wires[0], n }
	}
	var s *wire.Switch
	m.attach(noLine, func(h bus.Host) bus.Device {
		s = wire.NewSwitch(h)
		return s
	})
	m.devices.network = s
	for i := range stations {
		cable()
		s.Plug(wires[i])
	}
	return func() (*wire.Wire, int) { n++; return wires[n], 0 }
}

// network is where all frames pass.
type network interface{ Tap(wire.Tap) }

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

// Tap lets the host see every Ethernet frame once, as it arrives at the other end of the
// wire or at the switch, also after Restore; nil ends that. It is told which end of the
// wire or which port of the switch the frame comes from: NICs in their order, then peers.
// Without network controllers there is nothing to see.
func (m *Machine) Tap(t wire.Tap) {
	if m.devices.network != nil {
		m.devices.network.Tap(t)
	}
}

// Disks are the contents of the disks. They may be looked at and written back to the host
// between runs.
func (m *Machine) Disks() []*disk.Disk { return m.devices.disks }
