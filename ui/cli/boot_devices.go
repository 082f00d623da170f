package cli

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"resvirt/hw/disk"
	"resvirt/hw/machine"
	"resvirt/hw/wire"
)

// bootDevices are the host's files that belong to the machine's devices.
type bootDevices struct {
	disks []*os.File // in the order of the machine's
	pcap  *os.File
	out   *bufio.Writer
	rec   *wire.Pcap
}

// nicAddress is the hardware address that QEMU gives its first network controller.
const nicAddress = "52:54:00:12:34:56"

// plug adds the devices to a specification, and opens their files.
func (d *bootDevices) plug(spec *machine.Spec, v *bootValues) (err error) {
	if spec.NICs, err = bootNICs(v.nics); err != nil {
		return err
	}
	spec.IOMMU = v.iommu
	spec.Peers = []wire.Peer{wire.DefaultRemote()}
	for i, name := range v.disks {
		content, err := d.open(name)
		if err != nil {
			return err
		}
		spec.Disks = append(spec.Disks, content)
		for range v.diskPorts {
			spec.NVMe = append(spec.NVMe, machine.NVMe{Disk: i})
		}
	}
	if err := spec.Validate(); err != nil {
		return err
	}
	if v.pcap != "" {
		if d.pcap, err = os.Create(v.pcap); err != nil {
			return err
		}
		d.out = bufio.NewWriter(d.pcap)
		d.rec = wire.NewPcap(d.out)
	}
	return nil
}

// bootNICs reads hardware addresses; without any there is one.
func bootNICs(addresses []string) (nics []machine.NIC, err error) {
	if len(addresses) == 0 {
		addresses = []string{nicAddress}
	}
	for _, a := range addresses {
		mac, err := net.ParseMAC(a)
		if err != nil || len(mac) != 6 {
			return nil, usage("boot: --nic %s: it must be a hardware address such as %s", a, nicAddress)
		}
		nics = append(nics, machine.NIC{MAC: [6]byte(mac)})
	}
	if err := (&machine.Devices{NICs: nics}).Validate(); err != nil {
		return nil, usage("boot: --nic: %s", strings.TrimPrefix(err.Error(), "machine: "))
	}
	return nics, nil
}

// open opens the file of the next disk.
func (d *bootDevices) open(name string) (content disk.Spec, err error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return content, err
	}
	d.disks = append(d.disks, f)
	info, err := f.Stat()
	if err != nil {
		return content, err
	}
	for _, other := range d.disks[:len(d.disks)-1] {
		if i, err := other.Stat(); err == nil && os.SameFile(i, info) {
			return content, fmt.Errorf("%s: it is the content of another disk already; one disk with several controllers is --disk-ports", name)
		}
	}
	content = disk.Spec{Bytes: uint64(info.Size()), Base: f}
	if err := content.Validate(); err != nil {
		return content, fmt.Errorf("%s: %w", name, err)
	}
	return content, nil
}

// record begins to record the network, if that is wanted.
func (d *bootDevices) record(m *machine.Machine) {
	if d.rec != nil {
		m.Tap(d.rec.Frame)
	}
}

// finish writes what the guest has written to its disks into the files, and ends
// the record.
func (d *bootDevices) finish(m *machine.Machine) error {
	var errs []error
	for i, content := range m.Disks() {
		_, err := content.WriteBack(d.disks[i])
		errs = append(errs, content.Err(), err)
	}
	if d.rec != nil {
		errs = append(errs, d.rec.Err(), d.out.Flush())
	}
	return errors.Join(errs...)
}

// close closes the files.
func (d *bootDevices) close() {
	for _, f := range append(d.disks, d.pcap) {
		if f != nil {
			f.Close() // writes have been flushed, and their errors reported
		}
	}
}
