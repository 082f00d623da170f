package testbed

import (
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/vi/seam"
)

// Four processors, so that the vCPU that writes has one for itself and keeps its
// translations: whoever makes a page table of the frame has to see to that.
const (
	duetCPUs  = 4
	duetTurns = "duet=40 rounds=640"
	duetEvery = 2_500_000 // instructions between two failures
)

// TestDuet: a frame that another domain's vCPU writes to through a grant becomes a
// page table right after the grant's mapping is gone, and is written to no more;
// nor while the hypervisor fails and recovers.
func TestDuet(t *testing.T) {
	t.Parallel()
	s := hostileSystemOf(t, duetCPUs)
	for _, row := range []struct {
		policy experiments.Setting
		every  uint64
	}{{hostileSettings(s)[0], 0}, {hostileSettings(s)[1], duetEvery}} {
		if says := attack(t, s, 1, row.policy, row.every, duetTurns); !strings.Contains(says, seam.DuetOK) {
			t.Errorf("%s: the duet was not played to its end:\n%s", row.policy.Name, says)
		}
	}
}
