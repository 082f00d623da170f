package testbed

import (
	"encoding/binary"
	"strings"
	"testing"

	"resvirt/faults"
	"resvirt/vi/inspect"
)

// When every CPU runs a VM or idles, nothing is under way: all invariants hold.
func TestInvariantsHoldWhereNothingIsUnderWay(t *testing.T) {
	t.Parallel()
	l := realLab(t)
	a, err := AnatomyOf(l.System)
	if err != nil {
		t.Fatal(err)
	}
	quiet := 0
	m := l.System.Fork(l.Golden.Checkpoints[0].State)
	for _, c := range l.Golden.Checkpoints {
		if c.State == nil {
			continue
		}
		m.Restore(c.State)
		if !untilQuiet(a, m) {
			break // the end of the run
		}
		quiet++
		for _, v := range a.Check(m) {
			t.Errorf("position %d: %s: %s", m.Position(), v.Kind, v)
		}
	}
	if quiet < 10 {
		t.Errorf("only %d quiet states", quiet)
	}
}

// untilQuiet runs m until every CPU runs a VM or idles; false if it ends before.
func untilQuiet(a *Anatomy, m faults.Machine) bool {
	quiet := func() bool {
		for i := range m.CPUs() {
			if p := a.Machine(m).CPUs[i]; !p.Guest && !p.Halted {
				return false
			}
		}
		return true
	}
	for !quiet() {
		if stop := m.Run(faults.Until{Position: m.Position() + 1}); stop.Reason != faults.Reached {
			return false
		}
	}
	return true
}

// TestChecksSeeDamage damages one word of a structure and looks for the
// violation that says so.
func TestChecksSeeDamage(t *testing.T) {
	l := realLab(t)
	a, err := AnatomyOf(l.System)
	if err != nil {
		t.Fatal(err)
	}
	m := l.System.Fork(l.Golden.Checkpoints[0].State).(*Hardware)
	for { // until the console has been served, and d1 runs
		if !untilQuiet(a, m) {
			t.Fatal("d1 never runs")
		}
		where, _, _ := l.System.Target().Symbols.Func(m.Register(0, faults.RIP))
		if m.CPL(0) == 3 && !strings.HasPrefix(where, "control:") {
			break
		}
		m.Run(faults.Until{Position: m.Position() + 1})
	}
	quiet := m.Snapshot()
	objects := a.Checker.Objects(a.Machine(m))
	address := func(name, typ, path string) uint64 {
		v, err := a.view.Var(name, nil)
		if typ != "" {
			at := a.perCPU
			for _, o := range objects {
				if o.Name == name {
					at = o.Addr
				}
			}
			v, err = a.view.At(typ, at, nil)
		}
		if err == nil {
			v, err = v.Path(path)
		}
		if err != nil {
			t.Fatal(err)
		}
		return v.Addr
	}
	for _, c := range []struct {
		name, typ, path string
		value           uint32
		kind            inspect.ViolationKind
		place           string
	}{
		{"main.heap", "", "nfree", 77, inspect.Heap, "main.heap.nfree"},
		{"main.heap", "", "head[0]", 1 << 30, inspect.Pointers, "main.heap.head[0]"},
		{"main.heap", "", "lk.v", 2, inspect.Locks, "main.heap.lk"},
		{"main.domains", "", "lk.v", 99, inspect.Locks, "main.domains.lk"},
		{"main.domains", "", "head", 0x1234, inspect.Pointers, "main.domains.head"},
		{"main.call", "", "todo", 1, inspect.Calls, "main.call.todo"},
		{"d1", "main.Domain", "totPages", 3, inspect.Domains, "d1.totPages"},
		{"d2", "main.Domain", "refs", 9, inspect.Domains, "d2.refs"},
		{"d1", "main.Domain", "eventLock.v", 1, inspect.Locks, "d1.eventLock"},
		{"d1v0", "main.VCPU", "state", 2, inspect.VCPUs, "d1v0.state"},
		{"d1v0", "main.VCPU", "isRunning", 7, inspect.VCPUs, "d1v0.isRunning"},
		{"d2v0", "main.VCPU", "periodic.pos", 5, inspect.Timers, "d2v0.periodic.pos"},
		{"d2v0", "main.VCPU", "arch.guestTable", 3, inspect.Frames, ""},
		{"CPU 0", "main.CPU", "core.timers.heap[1]", 0x40, inspect.Pointers, "CPU 0 core.timers.heap[1]"},
		{"CPU 0", "main.CPU", "core.irqCount", 3, inspect.Interrupts, "CPU 0 core.irqCount"},
		{"CPU 0", "main.CPU", "core.sched.curr", 0, inspect.VCPUs, "CPU 0 core.sched.curr"},
	} {
		m.Restore(quiet)
		va := address(c.name, c.typ, c.path)
		pa := va - a.vmm.Base + a.vmm.Phys
		if va >= a.direct {
			pa = va - a.direct
		}
		m.WritePhys(pa, binary.LittleEndian.AppendUint32(nil, c.value))
		found := false
		list := a.Check(m)
		for _, v := range list {
			found = found || v.Kind == c.kind && strings.HasPrefix(v.Place, c.place)
		}
		if !found {
			t.Errorf("%s.%s = %#x: no violation of %s at %q among %d: %v", c.name, c.path, c.value, c.kind, c.place, len(list), first(list))
		}
	}
}

func first(list []inspect.Violation) []inspect.Violation { return list[:min(4, len(list))] }
