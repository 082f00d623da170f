package testbed

import (
	"fmt"
	"strings"
	"testing"

	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/vi/abi"
)

// Every AppVM copies from and to grants, maps granted pages and unmaps them; the
// control domain has each VM's console mapped by its grant. Whoever copies wrong is
// found out.
func TestGrantsAreUsedAndChecked(t *testing.T) {
	l := realLab(t)
	a, err := AnatomyOf(l.System)
	if err != nil {
		t.Fatal(err)
	}
	drop, ok := l.System.(*VI).images["vmm"].Addr("main.(*copyEnd).drop")
	if !ok {
		t.Fatal("the VMM has no function that ends a copy between grants")
	}
	w := &campaign.Worker{Lab: l}
	start := l.Golden.Before(l.Golden.Span.Start, l.System.Margin()).State
	w.Restore(start)
	h := w.Machine.(*Hardware)
	done := map[string]int{}
	a.Hypercalls(h, func(c *Call) {
		if strings.Contains(c.name, "Grant") && c.result == 0 {
			done[fmt.Sprintf("%s %d", c.VM(), c.args[0])]++
		}
	}, func() { h.Run(faults.Until{Time: l.Golden.Span.End}) })
	for i := range l.Experiment.VMM.Domains {
		for _, cmd := range []uint64{abi.GnttabopCopy, abi.GnttabopMapGrantRef, abi.GnttabopUnmapGrantRef} {
			if call := fmt.Sprintf("d%d %d", i+1, cmd); done[call] == 0 {
				t.Errorf("no call %q of grant_table_op in the golden run: %v", call, done)
			}
		}
	}
	if done[fmt.Sprint("d0 ", abi.GnttabopUnmapGrantRef)] < l.Experiment.VMM.Domains { // some are mapped before the golden run
		t.Errorf("the control domain does not map the consoles by their grants: %v", done)
	}

	// A byte of the first copy is not what it should be.
	first, cpu := uint64(0), 0
	w.Restore(start)
	h.Trace(func(e faults.TraceEntry) {
		if first == 0 && e.PC == drop {
			first, cpu = e.Position, e.CPU
		}
	}, drop)
	h.Run(faults.Until{Time: l.Golden.Span.End})
	h.Trace(nil)
	w.Restore(start)
	h.Run(faults.Until{Position: first})
	frame, err := ReadWord(a.Memory(h), h.Register(cpu, 0)+8) // of the copyEnd that drop is called for
	if pc := h.Register(cpu, faults.RIP); pc != drop || err != nil {
		t.Fatalf("at %#x, not at the end of a copy: %v", pc, err)
	}
	var b [1]byte
	h.ReadPhys(frame<<12+800, b[:])
	h.WritePhys(frame<<12+800, []byte{b[0] ^ 1})
	g := &l.Golden.Golden
	seen := faults.Observe(h, l.System.Target(), g, g.Policy)
	outcome, reason := faults.Classify(l.System.Target(), g, &seen, l.System.Target().Judge(g.Output, seen.Output))
	if outcome != faults.Silent || !strings.Contains(reason, "grant") {
		t.Errorf("a wrong byte in a copy: %v, %s", outcome, reason)
	}
}
