package testbed

import (
	"strings"
	"testing"

	"resvirt/hw/machine"
	"resvirt/internal/linux"
)

// TestLinuxByToolstack: Debian's kernel, unchanged, as a VM that the services make, with
// XenStore, and disk and interface of a driver domain.
func TestLinuxByToolstack(t *testing.T) {
	kernel, initrd, err := linux.Files()
	if err != nil {
		t.Skip(err)
	}
	spec := machine.DefaultSpec()
	spec.MemBytes = 512 << 20
	const program = "mount -t sysfs sysfs /sys; mount -t proc proc /proc; mount -t devtmpfs dev /dev; ln -s /bin/busybox /sbin/poweroff; " +
		"sleep 1; cat /sys/devices/system/xen_memory/xen_memory0/target_kb; " +
		"trap 'echo the toolstack asks; poweroff -f' USR2; while :; do sleep 1; done"
	config := archived{"linux.cfg", []byte("name = 'linux'\nkernel = '/vmlinux'\nramdisk = '/initrd'\nmemory = 160\n" +
		"extra = `console=hvc0 quiet rdinit=/bin/sh -- -c \"" + program + "\"`\n")}
	script := "create /linux.cfg\nmem-set linux 144\nsleep 4000\nshutdown linux\nwait linux\n"
	out := bootServicesOn(t, spec, "", serviceFiles(t, script, config, archived{"vmlinux", kernel}, archived{"initrd", initrd}))
	for _, want := range []string{"(d1) 147456", "(d1) the toolstack asks"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q", want)
		}
	}
	if t.Failed() {
		t.Log("\n" + out)
	}
}
