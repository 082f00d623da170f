package explain

import (
	"sync"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// goldenCalls are the refusals that the golden run's VMs get.
type goldenCalls struct {
	once sync.Once
	seen map[string]bool // VM and refusal
	err  error
}

// refused finds them once, in the database or by executing the golden run.
func (x *explainer) refused() (map[string]bool, error) {
	g := x.calls
	g.once.Do(func() {
		const name = "refused hypercalls of the golden run"
		known := false
		if known, g.err = x.kept.recall(name, &g.seen); g.err != nil || known {
			return
		}
		g.seen = map[string]bool{}
		m := x.System.Fork(x.Golden.Checkpoints[0].State)
		from, to := m.Position(), x.Golden.End-1
		meter := x.teller.Begin("hypercalls of the golden run", campaign.Millions, 0, 0)
		meter.Follow(m, func() (done, total uint64) { return m.Position() - from, to - from })
		x.a.Hypercalls(m, func(c *testbed.Call) {
			for _, r := range c.Refusals() {
				g.seen[c.VM()+" "+r] = true
			}
		}, func() { m.Run(faults.Until{Position: to}) })
		g.err = x.kept.keep(name, g.seen)
	})
	return g.seen, g.err
}

// callsKept is the number of hypercalls before a VM's failure that are
// reported.
const callsKept = 6

// guestCalls watches the hypercalls of a VM to the end of the run, from the end of
// recovery, or from the fault if there was no recovery. It returns the refusals that no
// golden run has, and the last calls.
func (x *explainer) guestCalls(row *experiments.Row, s experiments.Setting, vm string) (refused, last []Fact, err error) {
	golden, err := x.refused()
	if err != nil {
		return nil, nil, err
	}
	from := row.Strike.Position
	for _, st := range row.Steps {
		if st.Done {
			from = st.Position
		}
	}
	if err := x.Begin(row, s); err != nil {
		return nil, nil, err
	}
	x.To(from)
	var all []*testbed.Call
	x.a.Hypercalls(x.Machine, func(c *testbed.Call) {
		if c.VM() != vm {
			return
		}
		all = append(all, c)
		for _, r := range c.Refusals() {
			if !golden[vm+" "+r] {
				refused = append(refused, Fact{Kind: Refused, CPU: c.CPU, Position: c.Position, Object: vm, Words: r})
			}
		}
	}, func() { x.To(row.EndPosition) })
	for _, c := range all[max(0, len(all)-callsKept):] {
		last = append(last, Fact{Kind: Called, CPU: c.CPU, Position: c.Position, Object: vm, Words: c.String()})
	}
	return refused, last, nil
}
