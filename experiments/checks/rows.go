package checks

import (
	"fmt"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/retrace"
	"resvirt/faults"
)

// applied looks for the proofs in the rows of the previous check, and for a
// second proof in the machine: it reads at the recorded position what was
// changed.
func (c *checker) applied() (string, error) {
	struck := c.struck()
	err := c.each("faults applied", len(struck), func(w *campaign.Worker, i int) error {
		r, s := struck[i], struck[i].Strike
		w.Restore(c.Golden.Before(r.Plan.Time, c.System.Margin()).State)
		w.Machine.Run(faults.Until{Position: s.Position})
		if err := s.Check(w.Machine); err != nil {
			return fmt.Errorf("%s: %w", r.Run(), err)
		}
		return nil
	})
	return fmt.Sprintf("%d rows, each value read again in the golden run", len(struck)), err
}

// struck lists the rows whose fault was applied.
func (c *checker) struck() (list []*experiments.Row) {
	for i := range c.rows {
		if c.rows[i].Strike != nil {
			list = append(list, &c.rows[i])
		}
	}
	return list
}

// exhaustive runs the same faults without any early end. Runs that converged
// must end in the golden state, all others must have the same result as before.
func (c *checker) exhaustive() (string, error) {
	struck := c.struck()
	l, g := *c.Lab, *c.Golden
	g.Exhaustive = true
	l.Golden = &g
	converged := 0
	for _, r := range struck {
		if r.Outcome == faults.Converged {
			converged++
		}
	}
	err := c.each("rows to their end", len(struck), func(_ *campaign.Worker, i int) error {
		r := struck[i]
		var fork faults.Snapshot
		w := &campaign.Worker{Lab: &l}
		again := w.Trial(r.Plans(), c.setting(r.Setting), &fork)
		switch {
		case r.Outcome == faults.ToolError:
			return nil
		case r.Outcome != faults.Converged && again.Outcome == r.Outcome && again.Reason == r.Reason && again.Cause == r.Cause:
			return nil
		case r.Outcome != faults.Converged:
			return fmt.Errorf("%s: %s early, %s at the end", r.Run(), retrace.OutcomeText(r), retrace.OutcomeText(&again))
		}
		w.Machine.SetPolicy(c.Golden.Policy)
		if again.Outcome != faults.Latent || w.Machine.Digest() != c.Golden.Digest {
			return fmt.Errorf("%s: counted as converged, but at its end it is %s in state %v", r.Run(), retrace.OutcomeText(&again), w.Machine.Digest())
		}
		return nil
	})
	return fmt.Sprintf("%d rows, %d of them converged", len(struck), converged), err
}

func (c *checker) setting(name string) experiments.Setting {
	for _, s := range c.Experiment.Settings {
		if s.Name == name {
			return s
		}
	}
	panic("BUG: a row of a setting that the experiment lacks")
}
