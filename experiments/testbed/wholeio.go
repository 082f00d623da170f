package testbed

import (
	"bytes"
	"fmt"
	"strings"
	"unsafe"

	"resvirt/hw/disk"
	"resvirt/hw/machine"
	"resvirt/hw/wire"
	"resvirt/sim"
	"resvirt/vi/back"
	"resvirt/vi/seam"
)

// The system with the whole infrastructure: the control domain's services make a driver
// domain first, which gets the disk and the network interface, and then the AppVMs. Hosts
// on the wire load two of these.

const (
	controlWholeMB = 16
	driverMB       = 8
	ioVMs          = 3 // AppVMs with devices

	volumeBytes = 4 << 20
)

// ioVM is an AppVM with a device.
type ioVM struct {
	name, program, line, devices string
}

// ioDomains is how many AppVMs there are beside those of vmm.domains.
func (s *VI) ioDomains() int {
	if s.exp.IO.Whole {
		return ioVMs
	}
	return 0
}

// vmAddress is the address of an AppVM with a network, hostAddress that of the host that
// loads it.
func vmAddress(i byte) [4]byte   { return [4]byte{10, 0, 0, 2 + i} }
func hostAddress(i byte) [4]byte { return [4]byte{10, 0, 0, 101 + i} }

// prepareIO adds the devices.
func (s *VI) prepareIO() {
	s.spec.Disks = []disk.Spec{{Bytes: 1<<20 + volumeBytes, Base: bytes.NewReader(volumePage("blk"))}}
	s.spec.NICs = []machine.NIC{{MAC: [6]byte{2, 0, 0, 0, 0, 1}}}
	s.spec.IOMMU = s.exp.IO.IOMMU
	for i, kind := range []wire.LoadKind{wire.NetBench, wire.Service} {
		s.spec.Peers = append(s.spec.Peers, wire.Load{
			Remote: wire.Remote{MAC: [6]byte{2, 0, 0, 0, 1, byte(i)}, IP: hostAddress(byte(i))},
			Kind:   kind, Target: vmAddress(byte(i)), Seed: s.exp.Seed + uint64(i),
			Period: sim.Time(s.exp.IO.PeriodUS) * sim.Microsecond, Count: s.exp.IO.Requests, Size: 200,
		})
	}
}

// volumePage is a disk's content with one volume behind its first MiB: the page, and zeros.
func volumePage(name string) []byte {
	v := new(back.VolumePage)
	copy(v.Entry[0].Name[:], name)
	v.Entry[0].First, v.Entry[0].Sectors = 1<<20/disk.SectorSize, volumeBytes/disk.SectorSize
	v.Seal(1)
	content := make([]byte, 1<<20+volumeBytes)
	copy(content, (*[unsafe.Sizeof(back.VolumePage{})]byte)(unsafe.Pointer(v))[:])
	return content
}

// wholeArchive is the module of the control domain: services, kernels, programs,
// configurations, and what the toolstack is to do.
func (s *VI) wholeArchive() []byte {
	e := &s.exp
	_, line, _ := strings.Cut(s.commandLine(), " -- ")
	vms := []ioVM{
		{"blk", "blkbench", fmt.Sprintf("length=%d seed=%d mkfs=1", e.IO.Blocks, e.Seed), "disk = ['blk,xvda,w,backend=driver']"},
		{"net", "netbench", netLine(0), vif(0)},
		{"kv", "service", netLine(1), vif(1)},
	}
	for i := range e.VMM.Domains + e.VMM.Late {
		vms = append(vms, ioVM{fmt.Sprintf("vm%d", i+1), "workload", "", ""})
	}
	files := []archived{{"services", []byte("/xenstored\n/consoled\n!/toolstack /script\n")}, {"script", []byte(s.script(vms))}}
	files = append(files, archived{"driver", fmt.Appendf(nil, "name = 'driver'\nkernel = '/dvm'\nmemory = %d\ndriver_domain = 1\npci = ['00:%02x.0', '00:%02x.0']\n", driverMB, machine.NVMeDevice(0), machine.NICDevice(0))})
	for _, v := range vms {
		extra := "workload=" + v.program + " " + v.line
		memory := 8
		if v.line == "" {
			extra, memory = line, e.VMM.DomainMB
		}
		files = append(files, archived{v.name, fmt.Appendf(nil, "name = '%s'\nkernel = '/appvm'\nramdisk = '/%s'\nmemory = %d\nextra = '%s'\n%s\n", v.name, v.program, memory, extra, v.devices)})
	}
	for _, name := range []string{"xenstored", "consoled", "toolstack", "dvm", "appvm", "workload", "blkbench", "netbench", "service"} {
		files = append(files, archived{name, s.images[name].File})
	}
	return pagedArchive(files)
}

// netLine and vif are what a VM with a network is told, and given.
func netLine(i byte) string {
	a := vmAddress(i)
	return fmt.Sprintf("ip=%d.%d.%d.%d/24", a[0], a[1], a[2], a[3])
}

func vif(i byte) string { return fmt.Sprintf("vif = ['mac=00:16:3e:00:00:%02x,backend=driver']", i+1) }

// script is what the toolstack does: all but the late VMs are made and run together.
func (s *VI) script(vms []ioVM) string {
	var b strings.Builder
	b.WriteString("create /driver\n")
	early := len(vms) - s.exp.VMM.Late
	for _, v := range vms[:early] {
		fmt.Fprintf(&b, "create /%s paused\n", v.name)
	}
	fmt.Fprintf(&b, "unpause all\nwait-ended %d\n", max(early-1, 1))
	if s.exp.VMM.Late > 0 {
		fmt.Fprintf(&b, "echo %s\n", seam.ControlLate)
	}
	for _, v := range vms[early:] {
		fmt.Fprintf(&b, "create /%s\n", v.name)
	}
	fmt.Fprintf(&b, "wait-ended %d\nshutdown driver\nwait-ended %d\n", len(vms), len(vms)+1)
	return b.String()
}
