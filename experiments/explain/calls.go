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
}

func (g *goldenCalls) of(l *campaign.Lab, a *testbed.Anatomy) map[string]bool {
	g.once.Do(func() {
		g.seen = map[string]bool{}
		m := l.System.Fork(l.Golden.Checkpoints[0].State)
		a.Hypercalls(m, func(c *testbed.Call) {
			for _, r := range c.Refusals() {
				g.seen[c.VM()+" "+r] = true
			}
		}, func() { m.Run(faults.Until{Position: l.Golden.End - 1}) })
	})
	return g.seen
}

// callsKept is how many hypercalls before a VM's failure are told.
const callsKept = 6

// guestCalls watches the hypercalls of a VM from the end of recovery, or the
// fault if there was none, to the end of the run: those refused as in no golden run, and the last ones.
func (x *explainer) guestCalls(row *experiments.Row, s experiments.Setting, vm string) (refused []string, last []string, err error) {
	golden := x.calls.of(x.Lab, x.a)
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
				refused = append(refused, r)
			}
		}
	}, func() { x.To(row.EndPosition) })
	for _, c := range all[max(0, len(all)-callsKept):] {
		last = append(last, c.String())
	}
	return refused, last, nil
}
