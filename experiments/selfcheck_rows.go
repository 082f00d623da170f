package experiments

import (
	"fmt"
	"sync/atomic"

	"resvirt/faults"
)

// applied looks for proof in the rows of the check before it, and for a second
// one in the machine: the changed register, read at the recorded position.
func (c *checker) applied() (string, error) {
	struck := c.struck()
	err := c.each(len(struck), func(w *worker, i int) error {
		r, s := struck[i], struck[i].Strike
		w.restore(c.golden.Before(r.Plan.Time, c.sys.Margin()).State)
		w.m.Run(faults.Until{Position: s.Position})
		before := w.m.Register(s.CPU, s.Register)
		switch {
		case before != s.Before:
			return fmt.Errorf("%s: the row says that %s was %#x, the golden run has %#x there", r.Run(), s.Register, s.Before, before)
		case s.Before == s.After:
			return fmt.Errorf("%s: the row says that nothing changed", r.Run())
		case s.Bit >= 0 && s.Before^s.After != 1<<s.Bit:
			return fmt.Errorf("%s: the row says bit %d, but %#x became %#x", r.Run(), s.Bit, s.Before, s.After)
		}
		w.m.SetRegister(s.CPU, s.Register, s.After)
		if after := w.m.Register(s.CPU, s.Register); after != s.After {
			return fmt.Errorf("%s: the row says that %s became %#x, the machine has %#x", r.Run(), s.Register, s.After, after)
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
	l, g := *c.lab, *c.golden
	g.Exhaustive = true
	l.golden = &g
	var converged atomic.Int64
	err := c.each(len(struck), func(_ *worker, i int) error {
		r := struck[i]
		var fork faults.Snapshot
		w := &worker{lab: &l}
		again := w.trial(r.Plan, c.setting(r.Setting), &fork)
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
