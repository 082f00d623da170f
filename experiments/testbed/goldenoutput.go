package testbed

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"resvirt/vi/seam"
)

// CheckOutput holds the AppVMs' output against the contract of workloads: an
// error in the golden run would count as right, and a VM that prints nothing
// could not be judged.
func (s *VI) CheckOutput(serial []byte) error {
	vms := LinesByVM(serial)
	for _, vm := range slices.Sorted(maps.Keys(vms)) {
		lines := vms[vm]
		if vm == seam.ControlVM || slices.Contains(lines, seam.DriverStart) {
			continue
		}
		for i, l := range lines {
			switch {
			case strings.HasPrefix(l, seam.Error), strings.HasPrefix(l, seam.ProbeFailed):
				return fmt.Errorf("%s prints %q without a fault: the workload or its kernel met an error", vm, l)
			case (l == seam.WorkloadStart) != (i == 0) || (l == seam.ProbePassed) != (i == len(lines)-1):
				return fmt.Errorf("line %d of %s is %q: the kernel of the VM prints %q first and %q last, and the workload neither", i+1, vm, l, seam.WorkloadStart, seam.ProbePassed)
			}
		}
		if len(lines) < 3 {
			return fmt.Errorf("the workload of %s prints nothing: no wrong result could be seen", vm)
		}
	}
	return nil
}
