package checks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/pelletier/go-toml/v2"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/store"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/sim"
)

// Check is one thing that the tool verified about itself.
type Check struct {
	Name    string
	Detail  string
	Err     error
	Skipped bool
}

// Disturbable is a machine that can be disturbed in ways that must not matter.
type Disturbable interface {
	faults.Machine
	// Stall lets a processor lose time.
	Stall(cpu int, t sim.Time)
	// Provoke makes the target detect a failure although nothing is wrong.
	Provoke() error
}

// Options say how thorough a self-check is, and to whom it reports.
type Options struct {
	Runs   int    // golden runs that are stalled, and that are provoked
	Faults int    // of each type, for the campaign that is run twice
	Dir    string // directory in which it keeps passed checks until it is done
	Told   func(Check)
	Teller campaign.Teller
}

// checker shares the golden run between the checks.
type checker struct {
	*campaign.Lab
	*campaign.Journal
	Options
	ctx  context.Context
	all  int // workers
	rows []experiments.Row
}

// Selfcheck runs all checks and reports each. When ctx ends, passed checks are
// kept: the same self-check by the same program goes on from there.
func Selfcheck(ctx context.Context, e experiments.Experiment, sys experiments.System, o Options) error {
	if err := experiments.CheckSteps(e.Settings, sys.Steps()); err != nil {
		return err
	}
	j, err := campaign.OpenJournal(o.Dir, "selfcheck", fmt.Sprintf("%d %d %v %s", o.Runs, o.Faults, e.Settings, campaign.Identity(&e, sys)))
	if err != nil {
		return fmt.Errorf("self-check: %w", err)
	}
	err = selfcheck(ctx, e, sys, o, j)
	if cerr := j.Close(ctx.Err() == nil); err == nil {
		err = cerr
	}
	return err
}

func selfcheck(ctx context.Context, e experiments.Experiment, sys experiments.System, o Options, j *campaign.Journal) error {
	l, err := campaign.NewToldLab(ctx, e, sys, experiments.Facts{}, o.Teller)
	if err != nil {
		return err
	}
	c := &checker{Lab: l, Journal: j, Options: o, ctx: ctx, all: max(campaign.WorkersFor(e.Machine.MemoryMB), 2)}
	o.Told(Check{Name: "golden run repeats itself", Detail: fmt.Sprintf("%d instructions, twice", l.Golden.Facts.Instructions)})
	failed := 0
	for _, k := range []struct {
		name string
		run  func() (string, error)
	}{
		{"null faults leave the golden run untouched", c.nullFaults},
		{"snapshot, restore, run equals run", c.snapshots},
		{"rows do not depend on the number of workers", c.workers},
		{"every fault that claims to be applied was applied", c.applied},
		{"an early end changes no outcome", c.exhaustive},
		{"output does not depend on timing: stalls", c.stalls},
		{"output does not depend on timing: recovery where nothing was wrong", c.provoked},
	} {
		detail, err := k.run()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		skipped := errors.Is(err, testbed.ErrNoProvoke)
		if err != nil && !skipped {
			failed++
		}
		o.Told(Check{Name: k.name, Detail: detail, Err: err, Skipped: skipped})
	}
	if failed > 0 {
		return fmt.Errorf("%d checks failed", failed)
	}
	return nil
}

func (c *checker) nullFaults() (string, error) {
	n := max(c.Runs/4, 5)
	model := c.Model
	model.Kinds = []faults.Kind{faults.Null}
	err := c.each("null faults", n, func(w *campaign.Worker, i int) error {
		p := faults.Draw(c.Series, i, model, c.Golden.Span)[0]
		applied, why := w.ToTrigger(p)
		switch {
		case !applied && w.Machine.Digest() != c.Golden.Digest:
			return fmt.Errorf("%s, and the end state differs from the golden one", why)
		case !applied:
			return nil
		}
		if _, err := faults.Inject(w.Machine, c.System.Target(), p); err != nil {
			return err
		}
		return c.toGoldenEnd(w.Machine)
	})
	return fmt.Sprintf("%d runs end in the golden state", n), err
}

// each calls f for 0 to n-1, but for those that have passed, with a worker of its own
// for each.
func (c *checker) each(check string, n int, f func(w *campaign.Worker, i int) error) error {
	meter := c.Teller.Begin("", check, c.Count(check), n)
	return campaign.ForEach(c.ctx, c.all, n, func(i int) error {
		if c.Has(check, i) {
			return nil
		}
		if err := f(&campaign.Worker{Lab: c.Lab}, i); err != nil {
			return fmt.Errorf("run %d: %w", i, err)
		}
		if err := c.Keep(check, i, true); err != nil {
			return err
		}
		meter.Add(1)
		return nil
	})
}

// toGoldenEnd runs m to its end, which must be the golden one bit for bit.
func (c *checker) toGoldenEnd(m faults.Machine) error {
	stop := m.Run(faults.Until{Time: c.Golden.Deadline})
	if stop.Reason != faults.Exited || m.Position() != c.Golden.End || m.Digest() != c.Golden.Digest || !bytes.Equal(m.Serial(), c.Golden.Output) {
		return fmt.Errorf("%s at position %d in state %v; the golden run ended at %d in %v", campaign.Describe(stop), m.Position(), m.Digest(), c.Golden.End, c.Golden.Digest)
	}
	return nil
}

func (c *checker) snapshots() (string, error) {
	var states []*faults.Checkpoint
	for i := range c.Golden.Checkpoints {
		if k := &c.Golden.Checkpoints[i]; k.State != nil {
			states = append(states, k)
		}
	}
	err := c.each("snapshots", len(states), func(w *campaign.Worker, i int) error {
		k := states[i]
		w.Restore(k.State)
		if w.Machine.Digest() != k.Digest {
			return fmt.Errorf("the state restored at position %d is %v, it was %v", k.Position, w.Machine.Digest(), k.Digest)
		}
		if err := c.toGoldenEnd(w.Machine); err != nil {
			return fmt.Errorf("from position %d: %w", k.Position, err)
		}
		return nil
	})
	return fmt.Sprintf("%d snapshots, each run to the golden end", len(states)), err
}

func (c *checker) workers() (string, error) {
	one, err := c.campaignRows("one.db", 1)
	if err != nil {
		return "", err
	}
	many, err := c.campaignRows("many.db", c.all)
	if err != nil {
		return "", err
	}
	c.rows = one
	if len(one) != len(many) {
		return "", fmt.Errorf("1 worker gave %d rows, %d gave %d", len(one), c.all, len(many))
	}
	for i := range one {
		d, err := experiments.Compare(&one[i], &many[i])
		if err != nil {
			return "", err
		}
		if len(d) > 0 {
			return "", fmt.Errorf("%s differs between 1 worker and %d: %s", one[i].Run(), c.all, d[0])
		}
	}
	return fmt.Sprintf("%d rows, 1 worker and %d", len(one), c.all), nil
}

func (c *checker) campaignRows(name string, workers int) ([]experiments.Row, error) {
	path := filepath.Join(c.Journal.Dir, name)
	text, err := toml.Marshal(*c.Experiment)
	if err != nil {
		return nil, fmt.Errorf("BUG: experiment %s has no text: %w", c.Experiment.Name, err)
	}
	_, err = campaign.Run(c.ctx, *c.Experiment, c.System, campaign.Options{
		Path: path, Text: text, Runs: c.Faults, Workers: workers, Stage: func(string) {},
		Progress: func(p campaign.Progress) {
			if p.Settings = nil; p.Unit == "" && c.Teller.Tell != nil {
				p.Unit = fmt.Sprintf("rows, workers: %d", workers)
				c.Teller.Tell(p)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	db, err := store.OpenReader(path)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	refs, err := db.Runs(store.RunFilter{})
	if err != nil {
		return nil, err
	}
	var rows []experiments.Row
	for _, ref := range refs {
		r, err := db.Row(ref.Setting, ref.Index)
		if err != nil {
			return nil, err
		}
		rows = append(rows, *r)
	}
	return rows, nil
}
