package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"resvirt/hw/disk"
	"resvirt/hw/machine"
	"resvirt/hw/wire"
)

// bootDevices are the host's files that belong to the machine's devices.
type bootDevices struct {
	disk *os.File
	pcap *os.File
	out  *bufio.Writer
	rec  *wire.Pcap
}

// nicAddress is the hardware address that QEMU gives its first network controller.
var nicAddress = [6]byte{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}

// plug adds the devices to a specification, and opens their files.
func (d *bootDevices) plug(spec *machine.Spec, v *bootValues) (err error) {
	spec.NICs = []machine.NIC{{MAC: nicAddress}}
	if v.disk != "" {
		if d.disk, err = os.OpenFile(v.disk, os.O_RDWR, 0); err != nil {
			return err
		}
		info, err := d.disk.Stat()
		if err != nil {
			return err
		}
		spec.Disk = &disk.Spec{Bytes: uint64(info.Size()), Base: d.disk}
		if err := spec.Disk.Validate(); err != nil {
			return fmt.Errorf("%s: %w", v.disk, err)
		}
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

// record begins to record the network, if that is wanted.
func (d *bootDevices) record(m *machine.Machine) {
	if d.rec != nil {
		m.Tap(d.rec.Frame)
	}
}

// finish writes what the guest has written to its disk into the file, and ends
// the record.
func (d *bootDevices) finish(m *machine.Machine) error {
	var errs []error
	if d.disk != nil {
		_, err := m.Disk().WriteBack(d.disk)
		errs = append(errs, m.Disk().Err(), err)
	}
	if d.rec != nil {
		errs = append(errs, d.rec.Err(), d.out.Flush())
	}
	return errors.Join(errs...)
}

// close closes the files.
func (d *bootDevices) close() {
	for _, f := range []*os.File{d.disk, d.pcap} {
		if f != nil {
			f.Close() // writes have been flushed, and their errors reported
		}
	}
}
