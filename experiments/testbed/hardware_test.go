package testbed

import (
	"sync"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/sim"
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

// The trigger is defined by a count of instructions. This test counts them one
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
		var scoped []faults.TraceEntry
		last := faults.TraceEntry{CPL: 3}
		w.Machine.Trace(func(e faults.TraceEntry) {
			if last.CPL == 0 && last.Position != e.Position {
				scoped = append(scoped, last)
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
		if at := scoped[p.N]; at.Position != position || at.CPU != cpu {
			t.Errorf("fault %d strikes at position %d on CPU %d; counted it is %d on %d", i, position, cpu, at.Position, at.CPU)
		}
	}
	if counted == 0 {
		t.Error("nothing was counted")
	}
}

// Faults of all types leave their proof, and a fault has the same strike under all
// settings.
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

// A machine with pulses executes the same, to the same bounds.
func TestPulsesChangeNothing(t *testing.T) {
	l := realLab(t)
	start := l.Golden.Checkpoints[0]
	now := l.System.Fork(start.State).Now()
	for _, u := range []faults.Until{
		{Position: start.Position + pulseEvery}, {Position: start.Position + 3*pulseEvery + 1}, {Scoped: pulseEvery}, {Scoped: 1},
		{Time: now + sim.Millisecond}, {Time: now + sim.Millisecond, Scoped: 3 * pulseEvery / 2, Watched: true}, {Time: l.Golden.Deadline},
	} {
		m, told := l.System.Fork(start.State), l.System.Fork(start.State)
		pulses, last := 0, start.Position
		told.(experiments.Pulsed).Pulse(func() {
			if n := told.Position() - last; n > pulseEvery {
				t.Errorf("%+v: %d instructions without a pulse", u, n)
			}
			pulses, last = pulses+1, told.Position()
		})
		want, got := m.Run(u), told.Run(u)
		if got != want || told.Position() != m.Position() || told.Digest() != m.Digest() {
			t.Errorf("%+v: with pulses it ends with %+v at %d, else with %+v at %d", u, got, told.Position(), want, m.Position())
		}
		if want := (m.Position() - start.Position) / pulseEvery; uint64(pulses) < want {
			t.Errorf("%+v: %d pulses, want %d", u, pulses, want)
		}
	}
}
