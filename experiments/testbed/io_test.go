package testbed

import (
	"strings"
	"testing"

	"resvirt/hw/machine"
	"resvirt/hw/wire"
	"resvirt/sim"
	"resvirt/vi/image"
)

// TestWholeInfrastructure: VMs with a disk, a network and a service under load do their
// work through one driver domain; the hosts on the wire have every answer.
func TestWholeInfrastructure(t *testing.T) {
	spec := machine.DefaultSpec()
	spec.MemBytes, spec.CPUs = 128<<20, 4
	spec.Disks = volumeDisk("data")
	spec.NICs = []machine.NIC{{MAC: [6]byte{2, 0, 0, 0, 0, 1}}}
	host := func(i byte, kind wire.LoadKind, target byte) wire.Load {
		return wire.Load{Remote: wire.Remote{MAC: [6]byte{2, 0, 0, 0, 1, i}, IP: [4]byte{10, 0, 0, 100 + i}}, Kind: kind, Target: [4]byte{10, 0, 0, target},
			Period: 200 * sim.Microsecond, Count: 100, Size: 200, Seed: uint64(i)}
	}
	spec.Peers = []wire.Peer{host(1, wire.NetBench, 2), host(2, wire.Service, 3)}
	vm := func(name, program, line, devices string) archived {
		return archived{name, []byte("name = '" + name + "'\nkernel = '/appvm'\nramdisk = '/" + program + "'\nmemory = 8\nextra = 'workload=" + program + " " + line + "'\n" + devices + "\n")}
	}
	files := []archived{
		{"dvm.cfg", []byte("name = 'dvm'\nkernel = '/dvm'\nmemory = 8\ndriver_domain = 1\npci = ['00:04.0', '00:05.0']\n")},
		{"dvm", imageOf(t, "./vi/dvm", image.Driver)},
		vm("blk", "blkbench", "length=1 mkfs=1", "disk = ['data,xvda,w,backend=dvm']"),
		vm("net", "netbench", "ip=10.0.0.2/24", "vif = ['mac=00:16:3e:00:00:02,backend=dvm']"),
		vm("kv", "service", "ip=10.0.0.3/24", "vif = ['mac=00:16:3e:00:00:03,backend=dvm']"),
	}
	for _, w := range []string{"blkbench", "netbench", "service"} {
		files = append(files, archived{w, imageOf(t, "./workloads/"+w, image.User)})
	}
	m, out := runServicesOn(t, spec, "", serviceFiles(t, "create /dvm.cfg\ncreate /blk\ncreate /net\ncreate /kv\nwait-ended 3\ndestroy dvm\n", files...))
	for _, want := range []string{"blkbench end sum", "netbench end", "service end"} {
		if !strings.Contains(out, want) {
			t.Errorf("no line %q", want)
		}
	}
	for line := range strings.Lines(out) {
		if strings.Contains(line, "error") {
			t.Error(line)
		}
	}
	for i, r := range m.Loads() {
		if r.Failed || !r.Ended || r.Answered != r.Asked || r.Doubled != 0 {
			t.Errorf("host %d counts %+v", i, r)
		}
		t.Logf("host %d: %+v", i, r)
	}
	if t.Failed() {
		t.Log("\n" + out)
	}
}
