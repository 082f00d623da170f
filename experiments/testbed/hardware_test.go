package testbed

import (
	"sync"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/faults"
)

// real is the shipped experiment on the emulated machine, with its golden run,
// shared by the tests below because it takes seconds.
var real = sync.OnceValues(func() (*campaign.Lab, error) {
	e, _, err := experiments.Load("quick")
	if err != nil {
		return nil, err
	}
	sys, err := Build(e, func(string) {})
	if err != nil {
		return nil, err
	}
	return campaign.NewLab(e, sys)
})

func realLab(t *testing.T) *campaign.Lab {
	t.Helper()
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	l, err := real()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// The trigger is defined by a count of instructions; here they are counted one
// by one.
func TestTriggerCountsTheTargetsInstructions(t *testing.T) {
	l := realLab(t)
	w := &campaign.Worker{Lab: l}
	counted := 0
	for i := range 6 {
		p := faults.Draw(l.Series, i, l.Model, l.Golden.Span)[0]
		p.N %= 3000
		if ok, why := w.ToTrigger(p); !ok {
			t.Fatal(why)
		}
		position, cpu := w.Machine.Position(), w.Machine.Next()

		w.Restore(l.Golden.Before(p.Time, l.System.Margin()).State)
		w.Machine.Run(faults.Until{Time: p.Time})
		// An instruction that faults is traced but does not retire: the next
		// one has its position. A repeated one that other processors interrupt
		// retires without being traced again: then this count says nothing.
		whole := true
		var ring0 []faults.TraceEntry
		last := faults.TraceEntry{CPL: 3}
		w.Machine.Trace(func(e faults.TraceEntry) {
			if last.CPL == 0 && last.Position != e.Position {
				ring0 = append(ring0, last)
			}
			whole = whole && e.Position <= last.Position+1 || last.Position == 0
			last = e
		})
		w.Machine.Run(faults.Until{Position: position + 10000})
		w.Machine.Trace(nil)
		if !whole {
			continue
		}
		counted++
		if at := ring0[p.N]; at.Position != position || at.CPU != cpu {
			t.Errorf("fault %d strikes at position %d on CPU %d; counted it is %d on %d", i, position, cpu, at.Position, at.CPU)
		}
	}
	if counted == 0 {
		t.Error("nothing was counted")
	}
}

// All fault types leave their proof, and all settings of a fault share the strike.
func TestRealFaultsAreApplied(t *testing.T) {
	l := realLab(t)
	w := &campaign.Worker{Lab: l}
	for i := range 8 {
		rows := w.Unit(i, l.Experiment.Settings)
		for _, r := range rows {
			s := r.Strike
			switch {
			case r.Outcome == faults.ToolError:
				t.Errorf("%s: %s", r.Run(), r.Reason)
			case s == nil:
				t.Errorf("%s was not applied: %s", r.Run(), r.Reason)
			case r.Plan.Kind == faults.Failstop && (s.What != "rip" || s.After != 0 || s.Before == 0):
				t.Errorf("%s: failstop: %+v", r.Run(), s)
			case r.Plan.Kind == faults.RegisterFlip && s.Before^s.After != 1<<r.Plan.Bit:
				t.Errorf("%s: register: %+v", r.Run(), s)
			case *s != *rows[0].Strike:
				t.Errorf("%s: %+v, under the first setting it was %+v", r.Run(), s, rows[0].Strike)
			case r.Plan.Kind == faults.Failstop && !r.Outcome.Detected():
				t.Errorf("%s: a failstop fault is %s", r.Run(), r.Outcome)
			case len(l.Experiment.Settings) > 0 && len(settingSteps(l, r.Setting)) == 0 && r.Outcome == faults.Recovered:
				t.Errorf("%s recovered without recovery", r.Run())
			}
		}
	}
}

func settingSteps(l *campaign.Lab, name string) []string {
	for _, s := range l.Experiment.Settings {
		if s.Name == name {
			return s.Steps
		}
	}
	return nil
}
