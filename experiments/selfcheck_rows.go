package experiments

import (
	"fmt"
	"sync/atomic"

	"resvirt/faults"
)

// applied looks for proof in the rows of the check before it, and for a second
// one in the machine: what was changed, read at the recorded position.
func (c *checker) applied() (string, error) {
	struck := c.struck()
	err := c.each(len(struck), func(w *worker, i int) error {
		r, s := struck[i], struck[i].Strike
		w.restore(c.golden.Before(r.Plan.Time, c.sys.Margin()).State)
		w.m.Run(faults.Until{Position: s.Position})
		if err := s.Check(w.m); err != nil {
			return fmt.Errorf("%s: %w", r.Run(), err)
		}
		return nil
	})
	return fmt.Sprintf("%d rows, each value read again in the golden run", len(struck)), err
}

// struck lists the rows whose fault was applied.
func (c *checker) struck() (list []*Row) {
	for i := range c.rows {
		if c.rows[i].Strike != nil {
			list = append(list, &c.rows[i])
		}
	}
	return list
}

// exhaustive runs the same faults without any early end: what converged must
// end in the golden state, all else must come out as before.
func (c *checker) exhaustive() (string, error) {
	struck := c.struck()
	l, g := *c.Lab, *c.golden
	g.Exhaustive = true
	l.golden = &g
	var converged atomic.Int64
	err := c.each(len(struck), func(_ *worker, i int) error {
		r := struck[i]
		var fork faults.Snapshot
		w := &worker{Lab: &l}
		again := w.trial(r.plans(), c.setting(r.Setting), &fork)
		switch {
		case r.Outcome == faults.ToolError:
			return nil
		case r.Outcome != faults.Converged && again.Outcome == r.Outcome && again.Reason == r.Reason && again.Cause == r.Cause:
			return nil
		case r.Outcome != faults.Converged:
			return fmt.Errorf("%s: %s early, %s at the end", r.Run(), outcomeText(r), outcomeText(&again))
		}
		converged.Add(1)
		w.m.SetPolicy(c.golden.Policy)
		if again.Outcome != faults.Latent || w.m.Digest() != c.golden.Digest {
			return fmt.Errorf("%s: counted as converged, but at its end it is %s in state %v", r.Run(), outcomeText(&again), w.m.Digest())
		}
		return nil
	})
	return fmt.Sprintf("%d rows, %d of them converged", len(struck), converged.Load()), err
}

func (c *checker) setting(name string) Setting {
	for _, s := range c.exp.Settings {
		if s.Name == name {
			return s
		}
	}
	panic("BUG: a row of a setting that the experiment lacks")
}
