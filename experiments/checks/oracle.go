package checks

import (
	"context"
	"fmt"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/sim"
)

// Measures how much the judges of runs notice. At random moments of the golden run a
// random bit of the guests' own state flips, and the run is judged as any other. A
// flip that is never read cannot be noticed: so only those flips count whose byte or
// register is read before it is overwritten.

// Flip is one flip with its result.
type Flip struct {
	Class   string
	Index   int
	VM      string
	What    string // what flipped
	Time    sim.Time
	Applied bool
	Read    bool // it was read before it was overwritten, or noticed
	Reader  string
	Noticed bool
	Outcome faults.Outcome
	Reason  string
}

// flipClasses are the classes of flips, in the order of their rows.
func flipClasses() []string {
	return []string{"memory", "written memory", "kernel stacks", "saved registers", "saved FPU and segments", "registers"}
}

// oracle flips things in one system.
type oracle struct {
	*campaign.Lab
	guests *testbed.Guests
	seed   uint64
}

// Oracle flips n bits of each class. The result does not depend on how many workers
// there are.
func Oracle(ctx context.Context, e experiments.Experiment, sys experiments.System, n int, seed uint64, t campaign.Teller) ([]Flip, error) {
	guests, err := testbed.GuestsOf(sys)
	if err != nil {
		return nil, err
	}
	l, err := campaign.NewToldLab(ctx, e, sys, experiments.Facts{}, t)
	if err != nil {
		return nil, err
	}
	o, classes := &oracle{Lab: l, guests: guests, seed: seed}, flipClasses()
	flips := make([]Flip, n*len(classes))
	meter := t.Begin("flips in what guests own", "flips", 0, len(flips))
	workers := campaign.WorkersFor(e.Machine.MemoryMB)
	machines := make(chan *campaign.Worker, workers)
	for range workers {
		machines <- &campaign.Worker{Lab: l}
	}
	err = campaign.ForEach(ctx, workers, len(flips), func(i int) (err error) {
		w := <-machines
		flips[i], err = o.flip(w, classes[i/n], i%n)
		machines <- w
		meter.Add(1)
		return err
	})
	return flips, err
}

// flip does flip i of a class.
func (o *oracle) flip(w *campaign.Worker, class string, i int) (f Flip, err error) {
	r := sim.Stream(o.seed, fmt.Sprintf("oracle: flip %d of %s in campaign %s", i, class, o.Campaign))
	length := uint64(o.Golden.Span.End - o.Golden.Span.Start)
	f = Flip{Class: class, Index: i, Time: o.Golden.Span.Start + sim.Time(length/10+r.Uint64N(length*8/10))}
	w.Restore(o.Golden.Before(f.Time, o.System.Margin()).State)
	h, ok := w.Machine.(*testbed.Hardware)
	if !ok {
		return f, testbed.ErrNoAnatomy
	}
	h.Run(faults.Until{Time: f.Time})
	if class == "registers" {
		for range mostSteps {
			if h.CPL(h.Next()) == 3 || h.Run(faults.Until{Position: h.Position() + 1 + r.Uint64N(300)}).Reason != faults.Reached {
				break
			}
		}
	}
	s, err := o.draw(h, class, &r)
	if err != nil || s == nil {
		return f, err
	}
	f.Applied, f.VM, f.What = true, s.vm, s.what
	used := false
	if s.register != nil {
		fork := h.Snapshot()
		used = s.register.follow()
		f.Reader = o.guests.Function(s.register.reader)
		h.Restore(fork)
	}
	s.strike(h)
	g := &o.Golden.Golden
	seen := faults.Observe(h, o.System.Target(), g, g.Policy)
	var verdicts []faults.Verdict
	switch touch, by := h.Touched(); {
	case touch == testbed.WasWritten:
		used = false // the place of the saved register, before it went back
	case s.register == nil && touch == testbed.WasRead:
		used, f.Reader = true, o.guests.Function(by)
	}
	if !seen.Converged {
		verdicts = o.System.Target().Judge(g.Output, seen.Output)
	}
	f.Outcome, f.Reason = faults.Classify(o.System.Target(), g, &seen, verdicts)
	f.Noticed = f.Outcome != faults.Converged && f.Outcome != faults.Latent
	f.Read = used || f.Noticed
	return f, nil
}

// mostSteps bounds the search for a moment at which a guest executes.
const mostSteps = 5000
