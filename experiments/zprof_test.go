package experiments

import (
	"fmt"
	"os"
	"sort"
	"testing"

	"resvirt/faults"
)

func TestZProf(t *testing.T) {
	if os.Getenv("ZPROF") == "" {
		t.Skip()
	}
	l := shippedLab(t, "quick")
	m := l.sys.Fork(l.golden.Checkpoints[0].State).(*hardware)
	self := map[string]int{}
	pcs := map[uint64]int{}
	m.Trace(func(e faults.TraceEntry) {
		if e.CPL == 0 {
			pcs[e.PC]++
		}
	})
	m.Run(faults.Until{Position: l.golden.Checkpoints[len(l.golden.Checkpoints)-1].Position})
	n := 0
	for pc, k := range pcs {
		name, _, _ := l.sys.Target().Symbols.Func(pc)
		self[name] += k
		n += k
	}
	var names []string
	for k := range self {
		names = append(names, k)
	}
	sort.Slice(names, func(i, j int) bool { return self[names[i]] > self[names[j]] })
	fmt.Println("total", n)
	for _, k := range names[:min(60, len(names))] {
		fmt.Printf("%8d %5.2f%% %s\n", self[k], 100*float64(self[k])/float64(n), k)
	}
}
