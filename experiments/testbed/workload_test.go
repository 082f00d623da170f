package testbed

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"resvirt/vi/seam"
)

// The workload's system calls have Linux's numbers, so the host's kernel is an
// independent judge of the golden output: the same image, run as a process of
// Linux, must print the same lines.
func TestGoldenOutputIsWhatLinuxGives(t *testing.T) {
	l := realLab(t)
	program := part(l.System.Parts(), "image", "workload").Data
	run := native(t, program, "run", fmt.Sprintf("length=%d", l.Experiment.Workload.Length))
	probe := native(t, program, "probe")
	want := append([]string{seam.WorkloadStart}, run...)
	want = append(append(want, probe...), seam.ProbePassed)
	vms := LinesByVM(l.Golden.Output)
	control := strings.Join(vms[seam.ControlVM], "\n")
	if control != seam.ControlStart+"\n"+seam.ControlEnd {
		t.Errorf("the control domain printed\n%s", control)
	}
	delete(vms, seam.ControlVM)
	if n := l.Experiment.VMM.Domains + l.Experiment.VMM.Late; len(vms) != n {
		t.Fatalf("%d VMs printed something, not %d", len(vms), n)
	}
	for vm, got := range vms {
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s printed\n%s\nLinux\n%s", vm, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// native runs the workload as a process of the host. It executes itself by an
// absolute path, so it gets a root directory of its own.
func native(t *testing.T, program []byte, args ...string) []string {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "unixbench"), program, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/unixbench", args...)
	cmd.Err = nil // the path is looked up inside root
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		t.Skipf("this host does not let a process change its root directory: %v", err)
	}
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}
