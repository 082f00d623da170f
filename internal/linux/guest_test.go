package linux

import (
	"bytes"
	"os"
	"os/exec"
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
	in := strings.NewReader("nproc; /contexts; for i in 1 2; do md5sum /bin/busybox & done; wait; echo $((6*7)); poweroff -f\n")
	var out, log bytes.Buffer
	status := cli.Main([]string{"guest", "--vcpus", "2", "--verbose", "--max-instructions", "6000000000", "--append", "console=hvc0",
		"--ramdisk", withContexts(t), filepath.Join(dir, KernelFile)}, nil, in, &out, &log)
	if status != 0 {
		t.Errorf("exit status %d, %s", status, log.Bytes())
	}
	for _, want := range []string{"Hypervisor detected: Xen PV", "xen:events: Using FIFO-based ABI", "clocksource: Switched to clocksource xen", prompt, "\n2\r\n", "\n42\r\n",
		"contexts: gs base ok", "contexts: fsgsbase ok", "contexts: watchpoint ok", "contexts: ports ok"} {
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

// withContexts is the initial RAM disk with an additional program, which checks that Linux
// and the hypervisor preserve its processor state (contexts/main.go).
func withContexts(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	program, disk := filepath.Join(dir, "contexts"), filepath.Join(dir, "initrd")
	build := exec.Command("go", "build", "-o", program, "./contexts")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	first, err := File(InitrdFile)
	if err != nil {
		t.Fatal(err)
	}
	a := &archive{}
	a.buf.Write(first)
	a.pad()
	a.add("contexts", modeFile|0o755, content)
	if err := os.WriteFile(disk, a.end(), 0o644); err != nil {
		t.Fatal(err)
	}
	return disk
}
