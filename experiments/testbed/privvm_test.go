package testbed

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"resvirt/hw/disk"
	"resvirt/hw/machine"
	"resvirt/sim"
	"resvirt/vi/back"
	"resvirt/vi/image"
	"resvirt/vi/seam"
)

// bootServices boots the hypervisor and the control domain of services, with files in its
// archive, runs it to its end and returns the console output.
func bootServices(t *testing.T, options string, files []archived) string {
	t.Helper()
	spec := machine.DefaultSpec()
	return bootServicesOn(t, spec, options, files)
}

// bootServicesOn is bootServices on some machine.
func bootServicesOn(t *testing.T, spec machine.Spec, options string, files []archived) string {
	t.Helper()
	_, out := runServicesOn(t, spec, options, files)
	return out
}

// runServicesOn is bootServicesOn that returns the machine as well.
func runServicesOn(t *testing.T, spec machine.Spec, options string, files []archived) (*machine.Machine, string) {
	t.Helper()
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	vmm := imageOf(t, "./vi/vmm", image.VMM)
	control := imageOf(t, "./vi/privvm", image.Control)
	m, err := machine.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	mods := []machine.Module{{Cmdline: "pristine", Data: vmm}, {Cmdline: "kernel", Data: control}, {Cmdline: "initrd", Data: pagedArchive(files)}}
	line := fmt.Sprintf("control=1 control_mb=%d domains=0 dom_mb=8 cpus=%d tick_us=10 watchdog_us=2000 apic_hz=%d tsc_hz=%d -- %s", 14+len(mods[2].Data)>>20,
		spec.CPUs, sim.Second/spec.Models.APICBusPeriod, sim.Second/spec.Models.TSCPeriod, options)
	if err := m.LoadMultiboot(vmm, line, mods); err != nil {
		t.Fatal(err)
	}
	stop := m.Run(machine.Until{Time: 30 * sim.Second})
	if stop.Reason != machine.Exit || stop.Code != exitOK {
		t.Errorf("the machine stopped: %v", stop)
	}
	return m, string(m.Serial())
}

func imageOf(t *testing.T, pkg string, kind image.Kind) []byte {
	t.Helper()
	root, err := ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	m, err := image.Build(image.Spec{Root: root, Pkg: pkg, Kind: kind})
	if err != nil {
		t.Fatal(err)
	}
	return m.File
}

// TestServiceDevices: what the kernel of the control domain gives its services works: event
// channels, grants, hypercalls, files of the archive, connections to XenStore.
func TestServiceDevices(t *testing.T) {
	out := bootServices(t, "", []archived{
		{"services", []byte("!/tryout child\n!/tryout\n")},
		{"tryout", imageOf(t, "./vi/privvm/tryout", image.User)},
	})
	for line := range strings.Lines(out) {
		if strings.Contains(line, ", not ") || strings.Contains(line, "error") {
			t.Error(line)
		}
	}
	for _, want := range []string{"control start", "a program has the argument", "a hypercall", "has come", "control end"} {
		if !strings.Contains(out, want) {
			t.Errorf("no line %q", want)
		}
	}
	if t.Failed() {
		t.Log("\n" + out)
	}
	if n := strings.Count(out, "\n"); n < 35 {
		t.Errorf("only %d lines", n)
	}
}

// serviceFiles are the archive's files with the services that make VMs, and those that they
// make them of.
func serviceFiles(t *testing.T, script string, more ...archived) []archived {
	t.Helper()
	return append([]archived{
		{"services", []byte("/xenstored\n/consoled\n!/toolstack /script 20\n")},
		{"script", []byte(script)},
		{"xenstored", imageOf(t, "./vi/privvm/xenstored", image.User)},
		{"consoled", imageOf(t, "./vi/privvm/consoled", image.User)},
		{"toolstack", imageOf(t, "./vi/privvm/toolstack", image.User)},
		{"appvm", imageOf(t, "./vi/appvm", image.Guest)},
		{"unixbench", imageOf(t, "./workloads/unixbench", image.User)},
	}, more...)
}

// vmConfig is the configuration of an AppVM as quick has them.
func vmConfig(name, line string) archived {
	return archived{name, []byte("# an AppVM\nname = \"" + name + "\"\nkernel = \"/appvm\"\nramdisk = '/unixbench'\nmemory = 8\nextra = \"" + line + "\"\n")}
}

// TestToolstackMakesVMs: VMs that the services make print what they print in quick.
func TestToolstackMakesVMs(t *testing.T) {
	l := realLab(t)
	_, line, _ := strings.Cut(l.System.(*VI).commandLine(), " -- ")
	want := LinesByVM(l.Golden.Output)["d1"]
	script := "create /one paused\ncreate /two paused\nlist\nunpause all\nwait-ended 2\nlist\n"
	out := bootServices(t, "", serviceFiles(t, script, vmConfig("one", line), vmConfig("two", line)))
	got := LinesByVM([]byte(out))
	for _, vm := range []string{"d1", "d2"} {
		if !slices.Equal(got[vm], want) || len(want) < 10 {
			t.Errorf("%s printed other lines than in quick, %d, not %d", vm, len(got[vm]), len(want))
		}
	}
	if want := []string{"control start", "one 1 8 1 paused", "two 2 8 1 paused", "control end"}; !slices.Equal(got["d0"], want) {
		t.Errorf("the control domain printed %q, not %q", got["d0"], want)
	}
	if t.Failed() {
		t.Log("\n" + out)
	}
}

// TestServiceDies: the kernel of the control domain says which service has failed, asks the
// others to end, and leaves nothing behind.
func TestServiceDies(t *testing.T) {
	out := bootServices(t, "", []archived{
		{"services", []byte("/tryout crash\n/xenstored\n!/tryout wait\n")},
		{"tryout", imageOf(t, "./vi/privvm/tryout", image.User)},
		{"xenstored", imageOf(t, "./vi/privvm/xenstored", image.User)},
	})
	got := LinesByVM([]byte(out))["d0"]
	if len(got) > 1 && strings.HasPrefix(got[1], "error: program stopped by trap 14 at 0x") && strings.HasSuffix(got[1], " address 0x8") {
		got = slices.Delete(got, 1, 2)
	}
	if want := []string{"control start", "error: service /tryout crash has failed 0xb", "it is asked to end", "control end"}; !slices.Equal(got, want) {
		t.Errorf("the control domain printed %q, not %q", got, want)
	}
}

// volumeDisk is a disk with volumes of a MiB.
func volumeDisk(names ...string) []disk.Spec {
	const size = 1 << 20 / disk.SectorSize
	list := make([]back.VolumeEntry, len(names))
	for i, name := range names {
		list[i] = back.VolumeEntry{First: uint64(1+i) * size, Sectors: size}
		copy(list[i].Name[:], name)
	}
	content := make([]byte, (1+len(names))<<20)
	copy(content, volumes(list...))
	return []disk.Spec{{Bytes: uint64(len(content)), Base: bytes.NewReader(content)}}
}

// TestDriverDomain: the toolstack makes a driver domain of functions of PCI, and it serves
// disks and interfaces of other VMs.
func TestDriverDomain(t *testing.T) {
	spec := machine.DefaultSpec()
	spec.Disks = volumeDisk("root", "data")
	spec.NICs = []machine.NIC{{MAC: [6]byte{2, 0, 0, 0, 0, 1}}}
	driver := archived{"dvm.cfg", []byte("name = 'dvm'\nkernel = '/dvm'\nmemory = 8\ndriver_domain = 1\npci = ['00:04.0', '00:05.0']\n")}
	one := vmConfig("one", "workload=unixbench length=1 mkfs=1")
	one.data = append(one.data, "disk = ['data,xvda,w,backend=dvm']\nvif = ['mac=00:16:3e:00:00:01,backend=dvm']\n"...)
	two := vmConfig("two", "")
	two.data = append(two.data, "disk = ['root,xvda,r,backend=dvm']\n"...)
	out := bootServicesOn(t, spec, "", serviceFiles(t, `create /dvm.cfg
create /one paused
list
xenstore-read /local/domain/1/backend/vbd/2/51712/state
xenstore-read /local/domain/1/backend/vbd/2/51712/feature-flush-cache
xenstore-read /local/domain/2/device/vif/0/mac
create /two paused
block-attach two root,xvda,r,backend=dvm
network-attach two mac=00:16:3e:00:00:02,backend=dvm
xenstore-read /local/domain/1/backend/vif/3/0/state
network-detach two 0
xenstore-read /local/domain/1/backend/vif/3/0/state
xenstore-write /local/domain/3/device/vbd/51712/backend-id 0
destroy two
xenstore-read /local/domain/1/backend/vbd/3/51712/state
unpause one
wait one
destroy dvm
`, driver, archived{"dvm", imageOf(t, "./vi/dvm", image.Driver)}, one, two))
	lines := LinesByVM([]byte(out))
	want := []string{"control start", "dvm 1 8 1", "one 2 8 1 paused",
		"/local/domain/1/backend/vbd/2/51712/state = 2",
		"/local/domain/1/backend/vbd/2/51712/feature-flush-cache = 1",
		"/local/domain/2/device/vif/0/mac = 00:16:3e:00:00:01",
		"error: toolstack: block-attach two root,xvda,r,backend=dvm: there is such a device",
		"/local/domain/1/backend/vif/3/0/state = 2",
		"error: toolstack: xenstore-read /local/domain/1/backend/vif/3/0/state: it cannot be read (ENOENT)",
		// What a VM writes into its own directory makes nothing stay behind.
		"error: toolstack: xenstore-read /local/domain/1/backend/vbd/3/51712/state: it cannot be read (ENOENT)",
		"error: service /toolstack /script 20 has failed 0x300", "control end"}
	if !slices.Equal(lines["d0"], want) {
		t.Errorf("the control domain printed\n%s\nnot\n%s", strings.Join(lines["d0"], "\n"), strings.Join(want, "\n"))
	}
	if l := lines["d2"]; len(l) == 0 || l[len(l)-1] != seam.ProbePassed || strings.Contains(out, "(d2) error") {
		t.Errorf("the VM with disk and interface:\n%s", strings.Join(l, "\n"))
	}
}

// TestToolstackOperations: what the toolstack does with VMs has its effect, and an operation
// that fails half-way leaves nothing. That no memory is lost, the hypervisor says at the end.
func TestToolstackOperations(t *testing.T) {
	config := func(name, more string) archived {
		return archived{name, []byte("name = '" + name + "'\nkernel = '/appvm'\nramdisk = '/tryout'\nmemory = 8\nextra = 'workload=tryout'\n" + more)}
	}
	out := bootServices(t, "", serviceFiles(t, `create /one paused
create /one
create /kernel
create /backend
create /large
create /pci
create /text
create /nothing
pause two
list
xenstore-read /local/domain/2/name
xenstore-read /libxl/1/type
rename one uno
xenstore-read /local/domain/1/name
mem-set uno 4
mem-set uno 9
xenstore-read /local/domain/1/memory/target
unpause uno
wait uno
create /again
wait again
pause again
list
destroy again
list
xenstore-read /local/domain/1/name
frobnicate
`,
		archived{"tryout", imageOf(t, "./vi/privvm/tryout", image.User)},
		config("one", ""), config("kernel", "kernel = '/script'\n"), config("backend", "vif = ['mac=00:16:3e:00:00:01,backend=nobody']\n"),
		config("large", "memory = 63\n"), config("pci", "pci = ['00:09.0']\n"), config("text", "memory = many\n"),
		config("again", "on_poweroff = 'restart'\n")))
	var got []string
	for _, line := range LinesByVM([]byte(out))["d0"] {
		got = append(got, strings.TrimPrefix(line, "error: toolstack: "))
	}
	want := []string{"control start",
		"create /one: there is a VM of this name",
		"create /kernel: it is no ELF file",
		"create /backend: there is no such driver domain",
		"create /large: there is not enough memory",
		"create /pci: there is no such PCI function",
		"create /text: a string stands in quotes (line 6)",
		"create /nothing: there is no such file",
		"pause two: there is no such VM",
		"one 1 8 1 paused",
		"xenstore-read /local/domain/2/name: it cannot be read (ENOENT)",
		"/libxl/1/type = pv",
		"/local/domain/1/name = uno",
		"mem-set uno 9: a VM's memory does not grow beyond its configuration",
		"/local/domain/1/memory/target = 4096",
		"again 7 8 1 paused",
		"xenstore-read /local/domain/1/name: it cannot be read (ENOENT)",
		"frobnicate: there is no such command",
		"error: service /toolstack /script 20 has failed 0xc00",
		"control end",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the control domain printed\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
