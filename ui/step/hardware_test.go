package step

import (
	"encoding/binary"
	"fmt"
	"testing"

	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/hw/mem"
)

// The TLB is the machine's, and an entry is stale from when the page tables say something else.
func TestTLBIsTheMachines(t *testing.T) {
	t.Parallel()
	x := opened(t, 160, 48, "full", faults.Recovered)
	x.keys("D", "V")
	h := x.d.machine().(*testbed.Hardware)
	c := h.CPU(x.s.Now.CPU)
	now := x.s.Now.Facts[tlbPane].(*buffer)
	if n := len(c.Translations()); n == 0 || len(now.list) != n {
		t.Fatalf("%d entries are shown, there are %d", len(now.list), n)
	}
	x.sees(fmt.Sprintf("TLB  CPU%d  %d entries, %d stale", x.s.Now.CPU, len(now.list), now.stale))
	var e cached
	for _, l := range now.list {
		if pa, ok := h.Translate(x.s.Now.CPU, l.VA); !l.stale() && (!ok || pa != l.PA) {
			t.Errorf("%#x is said to agree; the machine translates it to %#x, %v", l.VA, pa, ok)
		}
		if !l.stale() && !l.foreign && l.Size == 4096 {
			e = l
		}
	}
	if e.VA == 0 {
		t.Fatal("no entry of 4 KiB agrees")
	}
	pte := lastEntry(h, c.CR3, e.VA)
	h.WritePhys(pte, make([]byte, 8)) // of this machine alone: its snapshots are as they were
	again := gatherTLB(t.Context(), x.d)
	if again.stale != now.stale+1 || again.list[0].mapped && again.list[0].VA == e.VA {
		t.Errorf("when %#x has lost its page, %d are stale, %d were before", e.VA, again.stale, now.stale)
	}
	x.keys("E", "D")
	if now := x.s.Now.Facts[tlbPane].(*buffer); now.stale != again.stale-1 {
		t.Errorf("back again, %d are stale", now.stale)
	}
	x.keys("V", "End", "Enter")
	if m := x.s.Now.Facts[memoryPane].(*dump); m.at != now.list[len(now.list)-1].VA {
		t.Errorf("Enter leads to memory at %#x", m.at)
	}
}

// lastEntry is where the page table entry of an address lies.
func lastEntry(h *testbed.Hardware, cr3, va uint64) uint64 {
	table := cr3 & frameMask
	for level := 4; ; level-- {
		at := table + 8*(va>>(12+9*(level-1))&511)
		if level == 1 {
			return at
		}
		var b [8]byte
		h.ReadPhys(at, b[:])
		table = binary.LittleEndian.Uint64(b[:]) & frameMask
	}
}

// The pages that differ are those that do, byte by byte, and Enter shows memory there.
func TestPagesThatDiffer(t *testing.T) {
	t.Parallel()
	x := opened(t, 160, 48, "full", faults.Recovered)
	x.keys("E", "D", "M")
	h, g := x.d.machine().(*testbed.Hardware), x.d.golden(t.Context()).(*testbed.Hardware)
	want := map[uint64]int{}
	for pfn := range h.Spec().MemBytes >> mem.PageShift {
		var a, b mem.Page
		h.ReadPhys(pfn<<mem.PageShift, a[:])
		g.ReadPhys(pfn<<mem.PageShift, b[:])
		for i := range a {
			if a[i] != b[i] {
				want[pfn]++
			}
		}
	}
	now := x.s.Now.Facts[pagesPane].(*differing)
	if len(want) == 0 || len(now.list) != len(want) {
		t.Fatalf("%d pages differ, shown are %d", len(want), len(now.list))
	}
	x.sees(fmt.Sprintf("Pages  %d differ from golden", len(want)))
	for i, p := range now.list {
		if want[p.frame] != p.bytes {
			t.Errorf("%d bytes of frame %#x differ, shown are %d", want[p.frame], p.frame, p.bytes)
		}
		if i > 2 {
			continue
		}
		x.keys("M")
		x.s.Rows[pagesPane].cursor = i
		x.keys("Enter")
		m := x.s.Now.Facts[memoryPane].(*dump)
		if m.pa != p.frame<<mem.PageShift+p.first || m.this[wordsShown/2] == m.golden[wordsShown/2] {
			t.Errorf("Enter at frame %#x, offset %#x shows %#x", p.frame, p.first, m.pa)
		}
	}
}

// The APIC's vectors are the controller's.
func TestAPICIsTheMachines(t *testing.T) {
	t.Parallel()
	x := opened(t, 80, 24, "full", faults.Recovered)
	x.keys("D", "I", "z")
	a := x.d.machine().(*testbed.Hardware).APIC(x.s.Now.CPU)
	for v := range 256 {
		if a.ISR[v/64]>>(v%64)&1 != 0 {
			x.sees(fmt.Sprintf("in service  %s", vectorText(a.ISR.List())))
		}
	}
	timer := fmt.Sprintf("LVT timer   fixed %02x", a.LVT[0]&0xff)
	if a.LVT[0]>>16&1 != 0 {
		timer += " masked"
	}
	x.sees(timer, fmt.Sprintf("(task %02x)", a.TPR), fmt.Sprintf("%016x", a.ICR))
}

// The tree of structures: a block of a CPU opens, through its pointer to the domain that runs there, and
// what differs from the golden run is marked where it differs.
func TestTreeOfStructures(t *testing.T) {
	t.Parallel()
	x := opened(t, 160, 48, "full", faults.Recovered)
	x.keys("D", "S", "z")
	to := func(path string) {
		t.Helper()
		for i, n := range x.s.Now.Facts[structuresPane].(*grove).list {
			if n.Path == path {
				x.s.Rows[structuresPane].cursor = i
				return
			}
		}
		t.Fatalf("%s is not in the tree", path)
	}
	for _, path := range []string{"CPU1", "CPU1.core", "CPU1.core.curr"} {
		to(path)
		x.keys("Enter")
	}
	x.sees("- CPU1 CPU", "- core", "- curr *VCPU", "domain *Domain")
	list, _, err := x.d.rec.Guests.ShownIn(x.d.machine(), 0, "CPU1.core.curr", nodeWidth, elementsSeen)
	if err != nil {
		t.Fatal(err)
	}
	tree := byPath(x.s.Now.Facts[structuresPane].(*grove).list)
	for _, v := range list {
		if n := tree[v.Name]; n.Text != v.Text || n.Address != v.Address {
			t.Errorf("%s is %q at %#x, by name %q at %#x", v.Name, n.Text, n.Address, v.Text, v.Address)
		}
	}
	to("CPU1.core")
	x.keys("Enter")
	if _, open := byPath(x.s.Now.Facts[structuresPane].(*grove).list)["CPU1.core.curr"]; open {
		t.Error("what is closed still shows what is in it")
	}
	now := x.s.Now.Facts[structuresPane].(*grove)
	for _, n := range now.list {
		var a, b [8]byte
		if n.Address == 0 || n.Size != 8 || x.d.machine().ReadVirt(0, n.Address, a[:]) != nil || x.d.golden(t.Context()).ReadVirt(0, n.Address, b[:]) != nil {
			continue
		}
		if g, ok := now.golden[n.Path]; ok && sameNode(n, g) != (a == b) {
			t.Errorf("%s is %x here and %x in the golden run; that it is the same: %v", n.Path, a, b, sameNode(n, g))
		}
	}
	to("CPU1.ID")
	x.keys("Enter")
	if m := x.s.Now.Facts[memoryPane].(*dump); uint32(m.this[wordsShown/2].v) != 1 {
		t.Errorf("memory of CPU1.ID holds %#x", m.this[wordsShown/2].v)
	}
}
