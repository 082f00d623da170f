package testbed

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Lines that the AppVMs' kernel prints before and behind those of the workload.
const (
	startLine = "workload start"
	probeLine = "probe ok"
	errorWord = "error"
)

// CheckOutput holds the AppVMs' output against the contract of workloads: an
// error in the golden run would be taken for what is right, and where nothing is
// printed, nothing is judged.
func (s *VI) CheckOutput(serial []byte) error {
	vms := linesByVM(serial)
	for _, vm := range slices.Sorted(maps.Keys(vms)) {
		lines := vms[vm]
		if vm == controlVM {
			continue
		}
		for i, l := range lines {
			switch {
			case strings.HasPrefix(l, errorWord):
				return fmt.Errorf("%s prints %q without a fault: the workload or its kernel met an error", vm, l)
			case (l == startLine) != (i == 0) || (l == probeLine) != (i == len(lines)-1):
				return fmt.Errorf("line %d of %s is %q: the kernel of the VM prints %q first and %q last, and the workload neither", i+1, vm, l, startLine, probeLine)
			}
		}
		if len(lines) < 3 {
			return fmt.Errorf("the workload of %s prints nothing: no wrong result could be seen", vm)
		}
	}
	return nil
}
