package testbed

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"resvirt/faults"
	"resvirt/vi/abi"
)

// The image's constants about a CPU's block fit together, and the classes of
// memory agree with them: data and blocks, and on a CPU that executes the
// hypervisor its stack up to the top and the registers of the guest.
func TestMemoryOfTheVMM(t *testing.T) {
	l := realLab(t)
	sys := l.System.(*VI)
	p, err := newVMMMemory(sys.images["vmm"], sys.spec.CPUs)
	if err != nil {
		t.Fatal(err)
	}
	b := &p.block
	if b.guard >= b.stacks || b.stacks >= b.tops[0] || !slices.IsSorted(b.tops[:]) || b.tops[len(b.tops)-1] != b.size {
		t.Errorf("a block of %+v", b)
	}
	if n := uint64(unsafe.Sizeof(abi.CPUUserRegs{})); b.end-b.regs != n || !slices.Contains(b.tops[:], b.end) {
		t.Errorf("%d bytes of a guest's registers, not %d, up to %#x", b.end-b.regs, n, b.end)
	}
	if p.heapPage == 0 || p.free == 0 || p.heapPage&p.free != 0 || p.lastSlot <= p.firstSlot || p.lastSlot > 511 || p.modsMax == 0 {
		t.Errorf("%+v", p)
	}
	m := l.System.Fork(l.Golden.Checkpoints[0].State).(*Hardware)
	for m.CPL(0) != 0 || m.Next() != 0 {
		m.Run(faults.Until{Position: m.Position() + 1})
	}
	sp := m.Register(0, 4)
	base := sp &^ (b.size - 1)
	stacks := p.ranges(m, faults.Stack)
	if len(stacks) < 2 || stacks[0].Start != p.phys(sp) || stacks[0].Start+stacks[0].Len != p.phys(base+b.tops[0]) ||
		stacks[1] != (faults.Range{Start: p.phys(base + b.regs), Len: b.end - b.regs}) {
		t.Errorf("stack pointer %#x, stacks %#x", sp, stacks)
	}
}

// All other names that are looked up in the VMM's image exist.
func TestNamesInTheVMM(t *testing.T) {
	sys := realLab(t).System.(*VI)
	if d := sys.target.Detecting; d == 0 || d>>len(sys.steps) != 0 || d == 1<<len(sys.steps)-1 {
		t.Errorf("steps that only detect: %#x of %v", d, sys.steps)
	}
	if b := sys.target.WaysBack; b == 0 || b>>len(sys.steps) != 0 || b&sys.target.Detecting != 0 {
		t.Errorf("ways back: %#x of %v", b, sys.steps)
	}
	vmm := sys.images["vmm"]
	for _, c := range []struct {
		function string
		is       func(faults.Place) bool
	}{
		{"main.(*spinlock).lock", isLock},
		{"main.begin", func(p faults.Place) bool { return helper(p.Function) }},
		{"resvirt/vi/bare.Out8", func(p faults.Place) bool { return helper(p.Function) }},
	} {
		addr, ok := vmm.Addr(c.function)
		if !ok {
			addr, ok = vmm.Addr(c.function + ".abi0")
		}
		if p := sys.target.Locate(addr); !ok || !c.is(p) {
			t.Errorf("%s is not what it was: %+v", c.function, p)
		}
	}
}

// An image that is not this program's VMM is refused in words.
func TestForeignImageIsRefused(t *testing.T) {
	s := *realLab(t).System.(*VI)
	s.images = maps.Clone(s.images)
	s.images["vmm"] = s.images["appvm"]
	if err := s.prepare(); err == nil || !strings.Contains(err.Error(), "use the program that made it: ") {
		t.Errorf("a guest kernel passes for the VMM: %v", err)
	}
}
