package whole

import (
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/overhead"
	"resvirt/experiments/testbed"
)

// A variant without logs is another VMM, whose guests print the same. One VM is enough
// to occupy two processors.
func TestVariantsPrintTheSame(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	shipped, _, err := experiments.Load("overhead")
	if err != nil {
		t.Fatal(err)
	}
	variants := shipped.Overhead.Variants // all mechanisms, none, all but one
	e := experiments.Default()
	e.Name, e.VMM.DomainMB, e.VMM.Domains = "variants", 4, 1
	e.Overhead = experiments.Overhead{Compute: []int{2}, Variants: variants[:3], Layouts: 2}
	r, err := overhead.Measure(t.Context(), e, testbed.Build, t.TempDir(), campaign.Teller{})
	if err != nil {
		t.Fatal(err)
	}
	all, none, one := r.Runs[0], r.Runs[1], r.Runs[2]
	if all.VMMInstructions <= one.VMMInstructions || one.VMMInstructions <= none.VMMInstructions || all.Cycles <= all.VMMCycles || none.VMMCycles == 0 || all.Busy > 1 || all.Busy < 0.5 {
		t.Errorf("with all %+v, without any %+v, without one %+v", all, none, one)
	}
	var b strings.Builder
	if err := r.Text(&b); err != nil || !strings.Contains(b.String(), "published") {
		t.Errorf("%v\n%s", err, b.String())
	}
	mechanisms := len(variants) - 2
	if len(r.Reserved) != mechanisms+1 || r.Reserved[0].PerVCPU == 0 || r.Reserved[1].Static == 0 || r.Reserved[mechanisms].Lines < 500 {
		t.Errorf("reserved %+v", r.Reserved)
	}
}
