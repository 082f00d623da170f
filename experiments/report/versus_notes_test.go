package report

import (
	"slices"
	"strings"
	"testing"

	"resvirt/experiments"
)

// Differences that make a comparison doubtful are noted, and intended ones.
func TestNotes(t *testing.T) {
	const identity = `resvirt campaign 2
rules 8
semantics 4
machine cpus 2 memory 64 MB quantum 500 ns
vmm domains 2 of 4 MB tick 20 us watchdog 150 us
workload unixbench length 1
faults target vmm types failstop register window [10 90] instructions 20000
deadline detection 600 us recovery 2000 us
golden snapshots 40 digests 400 misses 8
seed 1
models 8c3d7a0e5b5d1ab955eab8626b6bfce7932300ade9324f616af66ca91ebf4688
command line control=1 late=0 cpus=2 tick_us=20
image vmm d2663aa2
image appvm 30cbf96e
`
	for _, c := range []struct {
		edit []string // pairs of old and new
		want []string
	}{
		{nil, nil},
		{[]string{"campaign 2", "campaign 1", "snapshots 40", "snapshots 20"}, nil}, // neither affects the outcomes of faults
		{[]string{"image vmm d2663aa2", "image vmm 00000000"}, []string{"other images: vmm"}},
		{[]string{"rules 8", "rules 7"}, []string{"doubtful: faults are drawn or runs judged by other rules (8 in A, 7 in B): what differs may be the judging"}},
		{[]string{"semantics 4", "semantics 3"}, []string{"doubtful: the machine has other semantics (version 4 in A, 3 in B)"}},
		{[]string{"cpus 2 memory", "cpus 4 memory", "cpus=2", "cpus=4"}, []string{"doubtful: other machines: cpus 2 in A, cpus 4 in B"}},
		{[]string{"workload unixbench", "workload mine"}, []string{"doubtful: other workloads: unixbench in A, mine in B"}},
		{[]string{"late=0", "late=1"}, []string{"the VMM is told something else: control=1 late=0 in A, control=1 late=1 in B"}},
		{[]string{"seed 1", "seed 7"}, []string{"other seeds (1 and 7): no fault is the same"}},
		{[]string{"instructions 20000\n", "instructions 20000\nfaults per run 2\n"}, []string{"doubtful: other numbers of faults a run: none in A, 2 in B"}},
		{[]string{"models 8c3d7a0e5b5d1ab9", "models ffffffffffffffff"}, []string{"doubtful: instructions and events cost other times: models 8c3d7a0e5b5d in A, ffffffffffff in B"}},
		{[]string{"image vmm", "disk 5\nimage vmm"}, []string{"the systems differ: none in A, disk 5 in B"}},
	} {
		v := Versus{A: Side{identity: identity, Database: "a"}, B: Side{identity: strings.NewReplacer(c.edit...).Replace(identity), Database: "b"}}
		v.A.settings = []experiments.Setting{{Name: "full", Steps: []string{"restart"}}}
		v.B.settings = v.A.settings
		if v.note([][2]string{{"full", "full"}}); !slices.Equal(v.Notes, c.want) {
			t.Errorf("%q: notes %q, want %q", c.edit, v.Notes, c.want)
		}
	}
}
