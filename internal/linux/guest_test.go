package linux

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"resvirt/ui/cli"
)

// TestGuest boots Debian's kernel, unchanged, as a paravirtual domain under the
// hypervisor to a shell, which two virtual processors serve, and switches it off. It
// uses FIFO event channels, as Linux does where it can.
func TestGuest(t *testing.T) {
	files(t)
	dir, err := Directory()
	if err != nil {
		t.Fatal(err)
	}
	in := strings.NewReader("nproc; for i in 1 2; do md5sum /bin/busybox & done; wait; echo $((6*7)); poweroff -f\n")
	var out, log bytes.Buffer
	status := cli.Main([]string{"guest", "--vcpus", "2", "--verbose", "--max-instructions", "6000000000", "--append", "console=hvc0",
		"--ramdisk", filepath.Join(dir, InitrdFile), filepath.Join(dir, KernelFile)}, in, &out, &log)
	if status != 0 {
		t.Errorf("exit status %d, %s", status, log.Bytes())
	}
	for _, want := range []string{"Hypervisor detected: Xen PV", "xen:events: Using FIFO-based ABI", "clocksource: Switched to clocksource xen", prompt, "\n2\r\n", "\n42\r\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q", want)
		}
	}
	for _, bad := range []string{"WARNING:", "BUG:", "Oops", "Call Trace", "unchecked MSR"} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("Linux complains: %s", bad)
		}
	}
	if t.Failed() {
		t.Logf("%s", out.Bytes())
	}
}
