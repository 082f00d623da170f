package testbed

import (
	"bytes"
	"strings"
	"testing"

	"resvirt/hw/machine"
	"resvirt/sim"
	"resvirt/vi/image"
)

// bootServices boots the hypervisor and the control domain of services, with files in its
// archive, runs it to its end and returns the console output.
func bootServices(t *testing.T, options string, files []archived) string {
	t.Helper()
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	vmm := imageOf(t, "./vi/vmm", image.VMM)
	control := imageOf(t, "./vi/privvm", image.Control)
	spec := machine.DefaultSpec()
	spec.MemBytes = 64 << 20
	m, err := machine.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	mods := []machine.Module{{Cmdline: "pristine", Data: vmm}, {Cmdline: "kernel", Data: control}, {Cmdline: "initrd", Data: pagedArchive(files)}}
	if err := m.LoadMultiboot(vmm, "control=1 control_mb=16 domains=0 dom_mb=8 cpus=1 tick_us=10 apic_hz=1000000000 tsc_hz=1000000000 -- "+options, mods); err != nil {
		t.Fatal(err)
	}
	stop := m.Run(machine.Until{Time: 2 * sim.Second})
	if stop.Reason != machine.Exit || stop.Code != exitOK {
		t.Errorf("the machine stopped: %v", stop)
	}
	return string(m.Serial())
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
	if n := bytes.Count([]byte(out), []byte("\n")); n < 35 {
		t.Errorf("only %d lines", n)
	}
}

// serviceFiles are the archive's files with the services that make VMs, and those that they
// make them of.
func serviceFiles(t *testing.T, script string, more ...archived) []archived {
	t.Helper()
	return append([]archived{
		{"services", []byte("/xenstored\n/consoled\n!/toolstack /script\n")},
		{"script", []byte(script)},
		{"xenstored", imageOf(t, "./vi/privvm/xenstored", image.User)},
		{"consoled", imageOf(t, "./vi/privvm/consoled", image.User)},
		{"toolstack", imageOf(t, "./vi/privvm/toolstack", image.User)},
		{"appvm", imageOf(t, "./vi/appvm", image.Guest)},
		{"unixbench", imageOf(t, "./workloads/unixbench", image.User)},
	}, more...)
}

// vmConfig is the configuration of an AppVM as quick has them.
func vmConfig(name string) archived {
	return archived{name, []byte("# an AppVM\nname = \"" + name + "\"\nkernel = \"/appvm\"\nramdisk = '/unixbench'\nmemory = 8\nextra = \"workload=unixbench length=1\"\n")}
}

// TestToolstackMakesVMs: VMs that the services make print what they print in quick.
func TestToolstackMakesVMs(t *testing.T) {
	out := bootServices(t, "", serviceFiles(t, "create /one paused\ncreate /two paused\nlist\nunpause all\nwait-ended 2\nlist\n", vmConfig("one"), vmConfig("two")))
	t.Log("\n" + out)
	for line := range strings.Lines(out) {
		if strings.Contains(line, "error") {
			t.Error(line)
		}
	}
}
