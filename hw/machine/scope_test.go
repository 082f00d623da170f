package machine

import (
	"slices"
	"testing"

	"resvirt/sim"
)

// scopedBy has some privilege levels of some address spaces in scope, and others at each
// load, so that a machine that asks more than once, or keeps an answer, differs.
func scopedBy(asked *[]uint64) func(*Machine, int, uint64) uint8 {
	return func(m *Machine, cpu int, cr3 uint64) uint8 {
		*asked = append(*asked, cr3)
		return uint8((cr3>>12 ^ m.CPU(cpu).Retired>>3) & 0xf)
	}
}

// bootScoped is a test kernel's machine with that scope.
func bootScoped(t *testing.T, k testKernel, engine Engine, asked *[]uint64) *Machine {
	m := k.boot(t, k.cpus[len(k.cpus)-1], engine)
	spec := m.Spec()
	spec.Scope = scopedBy(asked)
	m, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	m.Firmware()
	if err := m.LoadMultiboot(k.image(), "", nil); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestScope: which instructions are in scope follows from the answers at the loads of CR3 and
// the privilege level, one instruction after the other; both engines, traced or not, count
// them alike, stop before the n-th, and go on counting in forks; the machine does not notice.
func TestScope(t *testing.T) {
	loads := 0
	for _, k := range testKernels {
		if k.reason != Exit && k.reason != TripleFault {
			continue
		}
		plain := k.boot(t, k.cpus[len(k.cpus)-1], Plain{})
		plain.Run(limit)
		var asked []uint64
		m := bootScoped(t, k, Plain{}, &asked)
		var in []bool // of each instruction that retires; one that faults is traced, too
		m.Trace(func(e TraceEntry) { in = append(in[:e.Position], m.InScope(e.CPU)) })
		m.Run(limit)
		var at []uint64 // positions of those in scope
		for position, is := range in[:m.Position()] {
			if is {
				at = append(at, uint64(position))
			}
		}
		loads += len(asked)
		if m.Digest() != plain.Digest() || m.Position() != plain.Position() {
			t.Errorf("%s: the machine is another with a scope", k.name)
		}
		if n := m.Scoped(); n != uint64(len(at)) {
			t.Errorf("%s: %d instructions in scope are counted, a trace has %d", k.name, n, len(at))
		}
		for _, engine := range []Engine{Plain{}, Fast{}} {
			var again []uint64
			checkScopedStops(t, k, bootScoped(t, k, engine, &again), at)
		}
	}
	if loads < 100 {
		t.Errorf("the test kernels load CR3 %d times: too few to see anything", loads)
	}
}

// checkScopedStops runs in pieces that end before instructions in scope, some of them in a
// fork. at are their positions.
func checkScopedStops(t *testing.T, k testKernel, m *Machine, at []uint64) {
	r := sim.Stream(5, k.name)
	done := uint64(0)
	for {
		n := 1 + r.Uint64N(1<<r.Uint64N(12))
		if r.IntN(4) == 0 {
			m = NewFrom(m.Snapshot())
		}
		stop := m.Run(Until{Position: limit.Position, Scoped: n})
		if stop.Reason != ReachedScoped {
			if left := uint64(len(at)) - done; left >= n {
				t.Errorf("%s, %s: %v although %d instructions in scope are left, and %d were asked for", k.name, m.spec.Engine.Name(), stop, left, n)
			}
			return
		}
		done += n - 1
		before, _ := slices.BinarySearch(at, m.Position())
		if m.Scoped() != done || uint64(before) != done || !m.InScope(m.Next()) {
			t.Errorf("%s, %s: stopped at position %d before instruction %d of those in scope", k.name, m.spec.Engine.Name(), m.Position(), done)
			return
		}
	}
}
