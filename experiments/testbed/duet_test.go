package testbed

import (
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/vi/seam"
)

// There are four processors, so that the writing vCPU has one for itself and
// keeps its translations: the hypervisor must flush them before the frame
// becomes a page table.
const (
	duetCPUs  = 4
	duetTurns = "duet=40 rounds=640"
	duetEvery = 2_500_000 // instructions between two failures
)

// TestDuet: a frame to which another domain's vCPU writes through a grant becomes
// a page table right after the grant's mapping is gone, and from then on it is not
// written to, also if the hypervisor fails and recovers meanwhile.
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
