package experiments

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

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

// checker shares the golden run between the checks.
type checker struct {
	*lab
	ctx  context.Context
	n    int // how often to try
	runs int // faults of each type for the campaign check
	rows []Row
}

// Selfcheck runs all checks and tells each. n is how many golden runs are
// stalled, and how many provoked.
func Selfcheck(ctx context.Context, e Experiment, sys System, n, runs int, tell func(Check)) error {
	golden, err := runGolden(sys, &e)
	if err != nil {
		return err
	}
	c := &checker{ctx: ctx, n: n, runs: runs, lab: &lab{
		sys: sys, exp: &e, campaign: campaignDigest(identity(&e, sys)), golden: golden, model: e.model(),
	}}
	tell(Check{Name: "golden run repeats itself", Detail: fmt.Sprintf("%d instructions, twice", golden.Facts.Instructions)})
	failed := 0
	for _, k := range []struct {
		name string
		run  func() (string, error)
	}{
		{"null faults leave the golden run untouched", c.nullFaults},
		{"snapshot, restore, run equals run", c.snapshots},
		{"rows do not depend on the number of workers", c.workers},
		{"every fault that claims to be applied was applied", c.applied},
		{"output does not depend on timing: stalls", c.stalls},
		{"output does not depend on timing: recovery where nothing was wrong", c.provoked},
	} {
		detail, err := k.run()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		skipped := errors.Is(err, errNoProvoke)
		if err != nil && !skipped {
			failed++
		}
		tell(Check{Name: k.name, Detail: detail, Err: err, Skipped: skipped})
	}
	if failed > 0 {
		return fmt.Errorf("%d checks failed", failed)
	}
	return nil
}

func (c *checker) nullFaults() (string, error) {
	n := max(c.n/2, 5)
	model := c.model
	model.Kinds = []faults.Kind{faults.Null}
	w := &worker{lab: c.lab}
	for i := range n {
		p := faults.Draw(c.campaign, i, model, c.golden.Span)
		if applied, why := w.toTrigger(p); !applied {
			if w.m.Digest() != c.golden.Digest {
				return "", fmt.Errorf("null fault %d: %s, and the end state differs from the golden one", i, why)
			}
			continue
		}
		if _, err := faults.Inject(w.m, c.sys.Target(), p); err != nil {
			return "", fmt.Errorf("null fault %d: %w", i, err)
		}
		if err := c.toGoldenEnd(w.m); err != nil {
			return "", fmt.Errorf("null fault %d: %w", i, err)
		}
	}
	return fmt.Sprintf("%d", n), nil
}

// toGoldenEnd runs m to its end, which must be the golden one bit for bit.
func (c *checker) toGoldenEnd(m faults.Machine) error {
	stop := m.Run(faults.Until{Time: c.golden.Deadline})
	if stop.Reason != faults.Exited || m.Position() != c.golden.End || m.Digest() != c.golden.Digest || !bytes.Equal(m.Serial(), c.golden.Output) {
		return fmt.Errorf("%s at position %d in state %v; the golden run ended at %d in %v", describe(stop), m.Position(), m.Digest(), c.golden.End, c.golden.Digest)
	}
	return nil
}

func (c *checker) snapshots() (string, error) {
	n := 0
	for i := range c.golden.Checkpoints {
		k := &c.golden.Checkpoints[i]
		if k.State == nil {
			continue
		}
		m := c.sys.Fork(k.State)
		if m.Digest() != k.Digest {
			return "", fmt.Errorf("the state restored at position %d is %v, it was %v", k.Position, m.Digest(), k.Digest)
		}
		if err := c.toGoldenEnd(m); err != nil {
			return "", fmt.Errorf("from position %d: %w", k.Position, err)
		}
		n++
	}
	return fmt.Sprintf("%d snapshots", n), nil
}

func (c *checker) workers() (string, error) {
	dir, err := os.MkdirTemp("", "resvirt-selfcheck-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	all := max(workersFor(c.exp.Machine.MemoryMB), 2)
	one, err := c.campaignRows(filepath.Join(dir, "one.db"), 1)
	if err != nil {
		return "", err
	}
	many, err := c.campaignRows(filepath.Join(dir, "many.db"), all)
	if err != nil {
		return "", err
	}
	c.rows = one
	if len(one) != len(many) {
		return "", fmt.Errorf("1 worker gave %d rows, %d gave %d", len(one), all, len(many))
	}
	for i := range one {
		d, err := compare(&one[i], &many[i])
		if err != nil {
			return "", err
		}
		if len(d) > 0 {
			return "", fmt.Errorf("%s differs between 1 worker and %d: %s", one[i].Run(), all, d[0])
		}
	}
	return fmt.Sprintf("%d rows, 1 worker and %d", len(one), all), nil
}

func (c *checker) campaignRows(path string, workers int) ([]Row, error) {
	_, err := Run(c.ctx, *c.exp, c.sys, Options{
		Path: path, Text: []byte("# selfcheck\n"), Runs: c.runs, Workers: workers, Stage: func(string) {}, Progress: func(Progress) {},
	})
	if err != nil {
		return nil, err
	}
	db, err := OpenReader(path)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	refs, err := db.Runs("")
	if err != nil {
		return nil, err
	}
	var rows []Row
	for _, ref := range refs {
		r, err := db.Row(ref.Setting, ref.Index)
		if err != nil {
			return nil, err
		}
		rows = append(rows, *r)
	}
	return rows, nil
}

// applied looks for proof in the rows of the check before it, and for a second
// one in the machine: the changed register, read at the recorded position.
func (c *checker) applied() (string, error) {
	w := &worker{lab: c.lab}
	n := 0
	for i := range c.rows {
		r := &c.rows[i]
		if r.Strike == nil {
			continue
		}
		w.restore(c.golden.Before(r.Plan.Time, c.sys.Margin()).State)
		w.m.Run(faults.Until{Position: r.Strike.Position})
		s := r.Strike
		before := w.m.Register(s.CPU, s.Register)
		switch {
		case before != s.Before:
			return "", fmt.Errorf("%s: the row says that %s was %#x, the golden run has %#x there", r.Run(), s.Register, s.Before, before)
		case s.Before == s.After:
			return "", fmt.Errorf("%s: the row says that nothing changed", r.Run())
		case s.Bit >= 0 && s.Before^s.After != 1<<s.Bit:
			return "", fmt.Errorf("%s: the row says bit %d, but %#x became %#x", r.Run(), s.Bit, s.Before, s.After)
		}
		n++
	}
	return fmt.Sprintf("%d rows", n), nil
}
