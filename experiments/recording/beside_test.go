package recording

import (
	"strings"
	"testing"

	"resvirt/experiments/testbed"
)

// What processors do agrees with their privilege levels, and some do each kind.
func TestActivity(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	r := recovered(t, c)
	seen := map[testbed.DoingKind]int{}
	list, err := r.Activity(t.Context(), r.Run, r.Run.Start(), r.Run.End(), 60)
	if err != nil || len(list) != 60 {
		t.Fatal(len(list), err)
	}
	for i, m := range list {
		if i%10 == 0 {
			if err := r.Run.Seek(t.Context(), m.Position); err != nil {
				t.Fatal(err)
			}
		}
		for id, d := range m.CPUs {
			seen[d.Kind]++
			guest := d.Kind == testbed.InGuest || d.Kind == testbed.InUser
			if i%10 == 0 && guest != (r.Run.Machine().CPL(id) == 3) {
				t.Errorf("position %d: CPU %d is said to be in %v at privilege level %d", m.Position, id, d.Kind, r.Run.Machine().CPL(id))
			}
			if guest && d.Domain < 0 {
				t.Errorf("position %d: CPU %d runs a VM that is not known", m.Position, id)
			}
		}
	}
	for _, k := range []testbed.DoingKind{testbed.InVMM, testbed.Idle, testbed.InGuest, testbed.InUser} {
		if seen[k] == 0 {
			t.Errorf("no processor is ever in %v: %v", k, seen)
		}
	}
	if err := r.Goto(t.Context(), "ack_interrupts"); err != nil { // one goes on, the others wait in their NMI handlers
		t.Fatal(err)
	}
	wait, _ := r.Before(r.Run.Position())
	for id, d := range r.Moment(r.Run).CPUs {
		if id != wait.CPU && d.Kind != testbed.InNMI {
			t.Errorf("at %s CPU %d is in %v", wait.Name, id, d.Kind)
		}
	}
}

// A run parts from the golden one after its fault, and both executed the same before.
func TestPart(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	r := recovered(t, c)
	p, ok, err := Part(t.Context(), r.Run, r.Golden, r.Row.Strike.Position)
	if err != nil || !ok || !p.Exact {
		t.Fatal(p, ok, err)
	}
	d, _ := r.Event(Detection, 1)
	if p.A == p.B || p.Position < r.Row.Strike.Position || p.Position > d.Position {
		t.Errorf("the run parts at %+v, detected at %d", p, d.Position)
	}
	before, err := executed(t.Context(), r.Run, r.Row.Strike.Position, p.Position)
	if err != nil {
		t.Fatal(err)
	}
	golden, err := executed(t.Context(), r.Golden, r.Row.Strike.Position, p.Position)
	if err != nil || len(before) != len(golden) {
		t.Fatal(len(before), len(golden), err)
	}
	g, err := r.Golden.Again()
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := Part(t.Context(), r.Golden, g, r.Run.Start()); ok || err != nil {
		t.Errorf("the golden run parts from itself: %v", err)
	}
}

// What is broken at the detection is there in the list, with the step after which it held
// again; at the end nothing is left.
func TestHealth(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	r := recoveredSo(t, c, func(r *Recording) bool { // something is broken at its detection
		d, _ := r.Event(Detection, 1)
		if err := r.Run.Seek(t.Context(), d.Position); err != nil {
			t.Fatal(err)
		}
		now, err := r.BrokenAt(t.Context())
		return err == nil && len(now) > 0
	})
	h, err := r.Health(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(h.Positions); n != len(h.Count) || h.Positions[n-1] != r.Run.End() {
		t.Errorf("%d positions, %d counts", n, len(h.Count))
	}
	d, _ := r.Event(Detection, 1)
	if err := r.Run.Seek(t.Context(), d.Position); err != nil {
		t.Fatal(err)
	}
	now, err := r.BrokenAt(t.Context())
	if err != nil || len(now) == 0 {
		t.Fatalf("nothing is broken at the detection: %v", err)
	}
	there := 0
	for _, b := range h.Broken {
		if b.Since <= d.Position && (b.Until == 0 || b.Until > d.Position) {
			there++
		}
		if b.Until != 0 && b.Until > d.Position && b.Repairer == nil && b.Until > r.Events[2].Position {
			t.Errorf("%v held again at %d, after no step", b.Violation, b.Until)
		}
		if b.Until == 0 {
			t.Errorf("%v is still broken at the end of a run that recovered", b.Violation)
		}
	}
	if there != len(now) {
		t.Errorf("%d invariants are broken at the detection, %d in the list", len(now), there)
	}
}

// The components are right so far where nothing has struck, VMs' calls are those of the
// processors' stacks, and at the end they are what the row says.
func TestComponents(t *testing.T) {
	t.Parallel()
	c := quickCampaign(t)
	r := recovered(t, c)
	calls, parts := 0, 0
	for n := range 40 {
		if err := r.Golden.Seek(t.Context(), r.Golden.Start()+(r.Golden.End()-r.Golden.Start())/41*uint64(n)); err != nil {
			t.Fatal(err)
		}
		for _, k := range r.Components(r.Golden) {
			if !k.RightSoFar() {
				t.Errorf("%s is wrong in the golden run: %+v", k.Name, k.Verdict)
			}
			for _, v := range k.VCPUs {
				if v.Call == "" {
					continue
				}
				calls++
				if v.Parts > 0 {
					parts++
				}
				if v.Parts > 0 && v.Part >= v.Parts {
					t.Errorf("part %d of %d", v.Part, v.Parts)
				}
				dispatched := false
				for _, f := range r.Guests.ChainOf(r.Golden.Machine(), v.CPU) {
					dispatched = dispatched || strings.Contains(f.Place.Function, "main.hyper") || strings.Contains(f.Place.Function, "main.enter") || strings.Contains(f.Place.Function, "main.returnToGuest") ||
						strings.Contains(f.Place.Function, "main.contextSwitch") // it is about to go on
				}
				if !dispatched {
					t.Errorf("position %d: %+v, but its CPU is in %v", r.Golden.Position(), v, r.Guests.ChainOf(r.Golden.Machine(), v.CPU))
				}
			}
		}
	}
	if calls == 0 || parts == 0 {
		t.Errorf("%d calls, %d multicalls", calls, parts)
	}
	if err := r.Run.Seek(t.Context(), r.Run.End()); err != nil {
		t.Fatal(err)
	}
	for _, k := range r.Components(r.Run) {
		for _, v := range r.Row.Verdicts {
			if v.VM == k.Name && v != k.Verdict {
				t.Errorf("%s: %+v, in the row %+v", k.Name, k.Verdict, v)
			}
		}
	}
}
