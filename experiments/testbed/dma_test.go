package testbed

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"resvirt/faults"
	"resvirt/hw/disk"
	"resvirt/vi/seam"
)

// A VM tells its disk controller to write all over the memory: into the hypervisor, into the VMs beside it
// and into a frame that it has given back (vi/hostile, dma.go). With an IOMMU nothing is written, and
// the hypervisor says whose device was refused; without one the same writes succeed.
func TestDeviceWritesElsewhere(t *testing.T) {
	s := hostileSystem(t)
	s.spec.Disks = []disk.Spec{{Bytes: 1 << 20}}
	s.options += "functions=2 "
	result := regexp.MustCompile(seam.DMATried + `(\d+)` + seam.DMADone + `(\d+)`)

	guarded := *s
	guarded.spec.IOMMU = true
	says := attack(t, &guarded, 1, hostileSettings(s)[0], 0, "dma=1")
	if got := result.FindStringSubmatch(says); got == nil || len(got[1]) < 3 || got[2] != "0" {
		t.Fatalf("with an IOMMU: %q\n%s", got, says)
	}
	if n := strings.Count(says, "d2 its device was refused memory at"); n != 4 {
		t.Errorf("the hypervisor tells %d times that the VM's device was refused", n)
	}

	for name, open := range map[string]*VI{"without one": s, "with one that is left alone": &guarded} {
		if open == &guarded {
			open.options += "iommu=0 "
		}
		alone := *open
		alone.exp.Workload.Name = fmt.Sprintf("none dma=1 seed=1 rounds=%d", hostileRounds)
		m, err := alone.Boot()
		if err != nil {
			t.Fatal(err)
		}
		stop := m.Run(faults.Until{Position: hostileEnd / 10})
		says := string(m.(*Hardware).Serial())
		got := result.FindStringSubmatch(says)
		if got != nil && got[2] == "0" || got == nil && stop.Reason == faults.Exited && stop.Code == exitOK {
			t.Errorf("%s: nothing was written; %v\n%s", name, got, says)
		}
	}
}
