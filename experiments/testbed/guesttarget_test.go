package testbed

import (
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/vi/inspect"
)

// guestLab is the golden run of guest-quick, in which a part of d1 is struck.
func guestLab(t *testing.T, part string) (*campaign.Lab, *VI) {
	t.Helper()
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	e, _, err := experiments.Load("guest-quick")
	if err != nil {
		t.Fatal(err)
	}
	e.Faults.Part = part
	sys, err := Build(e, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	l, err := campaign.NewLab(e, sys)
	if err != nil {
		t.Fatal(err)
	}
	return l, sys.(*VI)
}

// TestScopeOfAGuest: the instructions in scope are those that a processor executes at level 3
// while the VMM says that its vCPU is d1's, in kernel mode or in user mode. The scope is
// found by the roots of address spaces, this by what runs: neither knows of the other.
func TestScopeOfAGuest(t *testing.T) {
	t.Parallel()
	for _, part := range []string{experiments.KernelPart, experiments.UserPart} {
		l, s := guestLab(t, part)
		a, err := s.Anatomy()
		if err != nil {
			t.Fatal(err)
		}
		for _, from := range []int{0, len(l.Golden.Checkpoints) / 3} {
			m := s.Fork(l.Golden.Before(l.Golden.Checkpoints[from].Time, 0).State).(*Hardware)
			memory := a.Memory(m)
			before, n := m.Scoped(), uint64(0)
			m.Trace(func(e faults.TraceEntry) {
				in := e.CPL == 3 && runsIn(t, a, memory, e.CPU, 1, part == experiments.KernelPart)
				if in != m.InScope(e.CPU) {
					t.Fatalf("position %d, CPU %d at %#x, level %d: d1's %s runs: %v, in scope: %v", e.Position, e.CPU, e.PC, e.CPL, part, in, m.InScope(e.CPU))
				}
				if in {
					n++
				}
			})
			m.Run(faults.Until{Position: m.Position() + 1_000_000})
			if counted := m.Scoped() - before; n == 0 || counted > n || counted < n-n/100 {
				t.Errorf("%s: %d instructions in scope are counted, a trace has %d", part, counted, n)
			}
		}
	}
}

// runsIn tells by the VMM's current vCPU of a processor whether it is a domain's, and in
// kernel mode or not.
func runsIn(t *testing.T, a *Anatomy, memory inspect.Memory, cpu int, domain uint64, kernel bool) bool {
	at, ok := a.CurrentVCPU(memory, cpu)
	if !ok {
		t.Fatalf("CPU %d has no vCPU", cpu)
	}
	r := reader{}
	v, err := a.view.At("main.VCPU", at, memory)
	if err != nil {
		t.Fatal(err)
	}
	owner, flags := r.number(v, "domain"), r.number(v, "arch.flags")
	d, err := a.view.At("main.Domain", owner, memory)
	if err != nil {
		t.Fatal(err)
	}
	id := r.number(d, "id")
	if r.err != nil {
		t.Fatal(r.err)
	}
	return id == domain && flags&1 != 0 == kernel
}

// TestFaultsInAGuest: faults of all types strike the kernel of d1 alone; it dies of a jump to
// nowhere, and d2, the control domain and the VMM do not notice.
func TestFaultsInAGuest(t *testing.T) {
	t.Parallel()
	l, s := guestLab(t, experiments.KernelPart)
	w := &campaign.Worker{Lab: l}
	applied := map[faults.Kind]int{}
	for i := range 20 {
		row := w.Unit(i, l.Experiment.Settings)[0]
		if row.Strike == nil {
			continue
		}
		applied[row.Strike.Kind]++
		if !strings.HasPrefix(row.Strike.Place.Function, "appvm:") {
			t.Errorf("%s strikes %s", row.Run(), row.Strike.Place.Function)
		}
		if row.Outcome == faults.ComponentLost || row.Outcome == faults.ToolError {
			t.Errorf("%s: %s, %s", row.Run(), row.Outcome, row.Reason)
		}
		if row.Strike.Kind == faults.Failstop && (row.Outcome != faults.VMLost || row.Detections[0].Kind != faults.ByDeath || len(row.Steps) > 0) {
			t.Errorf("%s: %v (%s), detections %+v, steps %+v", row.Run(), row.Outcome, row.Reason, row.Detections, row.Steps)
		}
	}
	for _, name := range l.Experiment.Faults.Types {
		if k, _ := faults.ParseKind(name); applied[k] == 0 {
			t.Errorf("no fault of type %s struck", name)
		}
	}
	m := s.Fork(l.Golden.Checkpoints[0].State)
	for c := range faults.Classes {
		if len(s.target.Memory(m, c)) == 0 {
			t.Errorf("the guest has no %s to strike", c)
		}
	}
}
