package step

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/recording"
	"resvirt/sim"
)

// based is the stored run of which the one that is stepped through may be a variant.
type based struct {
	row     *experiments.Row
	setting experiments.Setting
}

// announces says whether the run announces a step.
func (b *based) announces(name string) bool {
	for _, s := range b.row.Steps {
		if s.Name == name {
			return true
		}
	}
	return false
}

// forked is what becomes of a run under a changed setting.
type forked struct {
	text      string // of the change
	row       *experiments.Row
	faultless bool
	parts     string             // where both part, in words
	partAt    recording.Position // 0: they do not
	partIn    string             // its name
	endA      sim.Time
}

// fork executes the stored run under a changed setting.
type fork struct {
	change    experiments.Change
	faultless bool
}

func (c fork) busy() string { return "the run " + c.text() }

func (c fork) text() string {
	if c.faultless {
		return withoutFault
	}
	return c.change.String()
}

// withoutFault is the text of a change that switches the fault off.
const withoutFault = "without the fault"

// changeText says by what a run differs from the stored one.
func changeText(r *recording.Recording) string {
	if r.Faultless {
		return withoutFault
	}
	return r.Change.String()
}

// execute executes the run that is asked for.
func (c fork) execute(ctx context.Context, d *desk) (*recording.Recording, error) {
	if c.faultless {
		return d.campaign.WithoutFault(ctx, d.base)
	}
	return d.campaign.Fork(ctx, d.base, c.change)
}

func (c fork) do(ctx context.Context, d *desk) (string, error) {
	a := d.base
	b, err := c.execute(ctx, d)
	if err != nil {
		return "", err
	}
	f := &forked{text: c.text(), row: b.Row, faultless: c.faultless, endA: a.Row.EndTime}
	if err := d.parting(ctx, f, a, b); err != nil {
		return "", err
	}
	if d.forks == nil {
		d.forks = map[string]*recording.Recording{}
	}
	d.forks[f.text] = b
	d.emit(learned{d.of.Row, func(s State) State {
		s.What.forks = append([]*forked{f}, slices.DeleteFunc(slices.Clone(s.What.forks), func(x *forked) bool { return x.text == f.text })...)
		return s
	}})
	outcome := b.Row.Outcome.String()
	if f.faultless {
		outcome = "the golden run"
	}
	return fmt.Sprintf("%s: %s, stored: %s; o steps through it, B through both", f.text, outcome, a.Row.Outcome), nil
}

// parting says where two runs of one fault part.
func (d *desk) parting(ctx context.Context, f *forked, a, b *recording.Recording) error {
	if a.Row.Strike == nil {
		f.parts = "the fault was not applied: there is nothing that differs"
		return nil
	}
	x, err := a.Run.Again()
	if err != nil {
		return err
	}
	y, err := b.Run.Again()
	if err != nil {
		return err
	}
	p, ok, err := recording.Part(ctx, x, y, a.Row.Strike.Position)
	if err != nil || !ok {
		f.parts = "A and B execute the same"
		return err
	}
	f.partAt, f.partIn = p.Position, a.PlaceOf(p.Position)
	target := d.rec.Lab.System.Target()
	f.parts = fmt.Sprintf("part at %s (%s): A goes to %s, B to %s", f.partIn, commas(p.Position), placeText(target.Locate(p.A.PC)), placeText(target.Locate(p.B.PC)))
	return nil
}

// openFork steps through the run under a changed setting instead of the stored one, or back.
type openFork struct{ text string }

func (c openFork) busy() string { return "opening the other run" }

func (c openFork) do(ctx context.Context, d *desk) (string, error) {
	at := d.rec.Run.Position()
	to, say := d.base, "A: the stored run"
	if d.rec == d.base {
		if to = d.forks[c.text]; to == nil {
			return "Enter executes it first", nil
		}
		say = "B: the run " + c.text + "; o goes back to the stored one"
	}
	d.use(d.of.Path, to)
	return say, d.rec.Run.Seek(ctx, min(at, d.of.End))
}

// swept is what a change does over the campaign's faults.
type swept struct {
	text  string
	sweep *recording.Sweep
}

// words say it.
func (w *swept) words() string {
	s := w.sweep
	d, i, p := s.Difference()
	text := fmt.Sprintf("of %d such faults, %d fail only %s and %d only without that change: %+.1f %% failures, paired 95 %% interval %+.1f to %+.1f, p = %.2g", s.Pairs, s.OnlyNow, w.text, s.OnlyStored, 100*d, 100*i.Low, 100*i.High, p)
	if s.Unknown > 0 {
		text += fmt.Sprintf("; %d are left out, where the tool failed", s.Unknown)
	}
	return text
}

// sweep executes all faults of the run's type under a changed setting.
type sweep struct{ change experiments.Change }

func (c sweep) busy() string { return "all faults " + c.change.String() }

func (c sweep) do(ctx context.Context, d *desk) (string, error) {
	row := d.base.Row
	if d.teller.Say != nil {
		d.teller.Say(row.Plan.Kind.String() + " faults " + c.change.String())
	}
	s, err := d.campaign.Sweep(ctx, row.Setting, row.Plan.Kind.String(), c.change, runtime.NumCPU(), 0, func(s recording.Sweep) {
		if d.teller.Tell != nil {
			d.teller.Tell(campaign.Progress{Unit: "faults", Done: s.Done, Total: s.All})
		}
	})
	if err != nil {
		return "", err
	}
	w := &swept{c.change.String(), s}
	d.emit(learned{d.of.Row, func(s State) State {
		s.What.sweeps = append([]*swept{w}, s.What.sweeps...)
		return s
	}})
	return w.words(), nil
}
