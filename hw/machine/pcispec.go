package machine

import (
	"fmt"
	"net"

	"resvirt/hw/disk"
	"resvirt/hw/pci"
	"resvirt/hw/wire"
)

// Devices are what there is on the PCI bus and behind it. With none of them there is no bus.
type Devices struct {
	Disks []disk.Spec // each behind one or more NVMe controllers
	NVMe  []NVMe      // nil: one controller for each disk
	NICs  []NIC       // 82540EM network controllers
	Peers []wire.Peer // modelled hosts on the network of the NICs
	IOMMU bool        // AMD's, between all functions and memory; off until software enables it
}

// NVMe describes a controller.
type NVMe struct {
	Disk int // the index in Disks of its namespace; several controllers may lead to one
}

// NIC describes a network controller. All NICs and Peers are on one network: two of them
// share a wire, more have a switch.
type NIC struct {
	MAC [6]byte
}

// Most that there can be.
const (
	MaxNVMe     = 8
	MaxNICs     = 8
	maxDisks    = MaxNVMe
	maxStations = MaxNICs + 4
)

// Numbers of devices on the PCI bus; each has one function, 0.
const (
	IOMMUDevice  = 2
	pciDisk      = 4  // the first NVMe controller
	pciNIC       = 5  // the first NIC; the others follow
	pciOtherDisk = 13 // the second NVMe controller; the others follow
)

// IOMMUBase is where the registers of the IOMMU are in memory space.
const IOMMUBase = 0xfed80000

// NVMeDevice is the PCI device number of an NVMe controller, by its index in NVMe.
func NVMeDevice(i int) int {
	if i == 0 {
		return pciDisk
	}
	return pciOtherDisk + i - 1
}

// NICDevice is that of a network controller, by its index in NICs.
func NICDevice(i int) int { return pciNIC + i }

// Function is the requester ID of function 0 of a device on bus 0: bus, device and function.
func Function(device int) uint16 { return pci.ID(device, 0) }

// controllers is NVMe, with the meaning of nil carried out.
func (d *Devices) controllers() []NVMe {
	if d.NVMe != nil {
		return d.NVMe
	}
	all := make([]NVMe, len(d.Disks))
	for i := range all {
		all[i].Disk = i
	}
	return all
}

func (d *Devices) none() bool {
	return len(d.Disks) == 0 && len(d.NICs) == 0 && !d.IOMMU
}

// Validate reports the first setting that no machine can have.
func (d *Devices) Validate() error {
	controllers := d.controllers()
	switch stations := len(d.NICs) + len(d.Peers); {
	case len(d.Disks) > maxDisks:
		return fmt.Errorf("machine: %d disks: choose up to %d", len(d.Disks), maxDisks)
	case len(controllers) > MaxNVMe:
		return fmt.Errorf("machine: %d NVMe controllers: choose up to %d", len(controllers), MaxNVMe)
	case len(d.NICs) > MaxNICs:
		return fmt.Errorf("machine: %d network controllers: choose up to %d", len(d.NICs), MaxNICs)
	case stations > maxStations:
		return fmt.Errorf("machine: %d network controllers and modelled hosts: choose up to %d", stations, maxStations)
	case len(d.NICs) == 0 && len(d.Peers) != 0:
		return fmt.Errorf("machine: modelled hosts on the network, but no network controller that could reach them: add one")
	}
	led := make([]bool, len(d.Disks))
	for i, c := range controllers {
		if c.Disk < 0 || c.Disk >= len(d.Disks) {
			return fmt.Errorf("machine: NVMe controller %d leads to disk %d, but there are %d", i, c.Disk, len(d.Disks))
		}
		led[c.Disk] = true
	}
	for i := range d.Disks {
		if err := d.Disks[i].Validate(); err != nil {
			return fmt.Errorf("disk %d: %w", i, err)
		}
		if !led[i] {
			return fmt.Errorf("machine: no NVMe controller leads to disk %d", i)
		}
	}
	for i := range d.NICs {
		if err := d.NICs[i].validate(d.NICs[:i]); err != nil {
			return fmt.Errorf("machine: network controller %d: %w", i, err)
		}
	}
	for i, p := range d.Peers {
		if p == nil {
			return fmt.Errorf("machine: modelled host %d is nil", i)
		}
	}
	return nil
}

// validate compares a controller's address with what an address can be, and with others.
func (n NIC) validate(others []NIC) error {
	switch {
	case n.MAC == [6]byte{}:
		return fmt.Errorf("no hardware address")
	case n.MAC[0]&1 != 0:
		return fmt.Errorf("%v is a group's hardware address: its first byte must be even", net.HardwareAddr(n.MAC[:]))
	}
	for i, other := range others {
		if other.MAC == n.MAC {
			return fmt.Errorf("%v is the hardware address of controller %d as well", net.HardwareAddr(n.MAC[:]), i)
		}
	}
	return nil
}
