package checks

import (
	"cmp"
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
	Sort    string // the same without the number of a register or bit
	Time    sim.Time
	Applied bool
	Read    bool // it was read before it was overwritten, or noticed
	Reader  string
	Noticed bool
	Outcome faults.Outcome
	Reason  string
}

// Classes of flips, by the names that files and reports have for them.
const (
	usedMemory     = "memory"
	writtenMemory  = "written memory"
	kernelStacks   = "kernel stacks"
	savedRegisters = "saved registers"
	savedFPU       = "saved FPU and segments"
	liveRegisters  = "registers"
)

// flipClasses are the classes of flips, in the order of their rows.
func flipClasses() []string {
	return []string{usedMemory, writtenMemory, kernelStacks, savedRegisters, savedFPU, liveRegisters}
}

// oracle flips things in one system.
type oracle struct {
	*campaign.Lab
	guests *testbed.Guests
	seed   uint64
}

// OracleOptions say how many bits flip, and who is told.
type OracleOptions struct {
	Flips  int // of each class
	Seed   uint64
	Dir    string // where it keeps flips that are done, until all are
	Teller campaign.Teller
}

// Oracle flips bits of each class. The result does not depend on how many workers
// there are. When ctx ends, what is done is kept: the same program goes on from there.
func Oracle(ctx context.Context, e experiments.Experiment, sys experiments.System, opt OracleOptions) ([]Flip, error) {
	guests, err := testbed.GuestsOf(sys)
	if err != nil {
		return nil, err
	}
	j, err := campaign.OpenJournal(opt.Dir, "oracle", fmt.Sprintf("%d %s", opt.Seed, campaign.Identity(&e, sys)))
	if err != nil {
		return nil, fmt.Errorf("oracle: %w", err)
	}
	flips, err := flipAll(ctx, e, sys, guests, opt, j)
	if cerr := j.Close(err == nil); err == nil {
		err = cerr
	}
	return flips, err
}

func flipAll(ctx context.Context, e experiments.Experiment, sys experiments.System, guests *testbed.Guests, opt OracleOptions, j *campaign.Journal) ([]Flip, error) {
	l, err := campaign.NewToldLab(ctx, e, sys, experiments.Facts{}, opt.Teller)
	if err != nil {
		return nil, err
	}
	o, classes, n := &oracle{Lab: l, guests: guests, seed: opt.Seed}, flipClasses(), opt.Flips
	flips := make([]Flip, n*len(classes))
	done := 0
	for i := range flips {
		if j.Has(classes[i/n], i%n) {
			done++
		}
	}
	meter := opt.Teller.Begin("flips in what guests own", "flips", done, len(flips))
	workers := campaign.WorkersFor(e.Machine.MemoryMB)
	machines := make(chan *campaign.Worker, workers)
	for range workers {
		machines <- &campaign.Worker{Lab: l}
	}
	err = campaign.ForEach(ctx, workers, len(flips), func(i int) error {
		class, k := classes[i/n], i%n
		if j.Result(class, k, &flips[i]) {
			return nil
		}
		w := <-machines
		defer func() { machines <- w }()
		f, err := o.flip(w, class, k)
		if err == nil {
			flips[i], err = f, j.Keep(class, k, f)
		}
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
	if class == liveRegisters {
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
	f.Applied, f.VM, f.What, f.Sort = true, s.vm, s.what, cmp.Or(s.sort, s.what)
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
