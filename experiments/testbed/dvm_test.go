package testbed

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"unsafe"

	"resvirt/hw/disk"
	"resvirt/hw/machine"
	"resvirt/sim"
	"resvirt/vi/back"
	"resvirt/vi/image"
)

// volumes is the first page of a disk with some volumes.
func volumes(list ...back.VolumeEntry) []byte {
	v := new(back.VolumePage)
	copy(v.Entry[:], list)
	v.Seal(uint32(len(list)))
	return bytes.Clone((*[unsafe.Sizeof(back.VolumePage{})]byte)(unsafe.Pointer(v))[:])
}

// TestDriverDomainStarts: a driver domain's kernel finds the functions that it has, starts
// their drivers on the machine's devices and reads what volumes the disk has. It is the
// control domain here, and there is no XenStore for it.
func TestDriverDomainStarts(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("boots a system")
	}
	root, done, err := Carried{}.root()
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	build := func(pkg string, kind image.Kind) []byte {
		m, err := image.BuildContext(context.Background(), image.Spec{Root: root, Pkg: pkg, Kind: kind})
		if err != nil {
			t.Fatal(err)
		}
		return m.File
	}
	vmm, dvm := build("./vi/vmm", image.VMM), build("./vi/dvm", image.Driver)
	spec := machine.DefaultSpec()
	name := back.VolumeName{}
	copy(name[:], "root")
	content := make([]byte, 1<<20)
	copy(content, volumes(back.VolumeEntry{Name: name, First: 8, Sectors: 1000}))
	spec.Disks = []disk.Spec{{Bytes: uint64(len(content)), Base: bytes.NewReader(content)}}
	spec.NICs = []machine.NIC{{MAC: [6]byte{2, 0, 0, 0, 0, 9}}}
	m, err := machine.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	err = m.LoadMultiboot(vmm, "control=1 control_mb=16 cpus=2 tick_us=5 --", []machine.Module{{Cmdline: "pristine", Data: vmm}, {Cmdline: "kernel", Data: dvm}, {Cmdline: "initrd", Data: make([]byte, 4096)}})
	if err != nil {
		t.Fatal(err)
	}
	m.Run(machine.Until{Time: 200 * sim.Millisecond})
	out := string(m.Serial())
	if !strings.Contains(out, "devices: 1 disks, 1 interfaces\n") || strings.Contains(out, "cannot be used") {
		t.Errorf("the console:\n%s", out)
	}
}
