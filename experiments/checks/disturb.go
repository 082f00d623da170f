package checks

import (
	"fmt"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/retrace"
	"resvirt/faults"
	"resvirt/sim"
)

// Stalls of the timing check: their number in a run, and their greatest length,
// which is shorter than a hang-detection period, or the watchdog would rightly
// report a hang.
const (
	stallsPerRun = 8
	stallDivisor = 4 // of the watchdog's period
)

// stalls repeats the golden run with processors losing time at random places.
// The output must stay right, and nothing may be detected.
func (c *checker) stalls() (string, error) {
	longest := sim.Time(c.Experiment.VMM.WatchdogUS) * sim.Microsecond / stallDivisor
	err := c.each("stalled runs", c.Runs, func(w *campaign.Worker, i int) error {
		m, err := c.disturbable(w)
		if err != nil {
			return err
		}
		r := sim.Stream(0, fmt.Sprintf("stall run %d of campaign %s", i, c.Campaign))
		limit := c.Golden.Deadline
		for range stallsPerRun {
			at := m.Position() + r.Uint64N(max(c.Golden.Facts.Instructions/stallsPerRun, 1))
			if stop := m.Run(faults.Until{Position: at, Watched: true}); stop.Reason != faults.Reached {
				break
			}
			t := sim.Time(r.Uint64N(uint64(longest)))
			m.Stall(r.IntN(c.Experiment.Machine.CPUs), t)
			limit += t
		}
		return c.rightOutput(m, limit, 0)
	})
	return fmt.Sprintf("%d runs, %d stalls of up to %v in each", c.Runs, stallsPerRun, longest), err
}

func (c *checker) disturbable(w *campaign.Worker) (Disturbable, error) {
	w.Restore(c.Golden.Checkpoints[0].State)
	m, ok := w.Machine.(Disturbable)
	if !ok {
		return nil, fmt.Errorf("BUG: this machine cannot be disturbed")
	}
	return m, nil
}

// provoked repeats the golden run under the last setting, and makes the target
// recover at a random moment although nothing is wrong.
func (c *checker) provoked() (string, error) {
	s := c.Experiment.Settings[len(c.Experiment.Settings)-1]
	const recovered = "recoveries"
	err := c.each("provoked runs", c.Runs, func(w *campaign.Worker, i int) error {
		m, err := c.disturbable(w)
		if err != nil {
			return err
		}
		m.SetPolicy(experiments.MustPolicy(s, c.System))
		r := sim.Stream(0, fmt.Sprintf("provoked run %d of campaign %s", i, c.Campaign))
		m.Run(faults.Until{Position: c.Golden.Position + r.Uint64N(c.Golden.Facts.Instructions*3/4)})
		if err := m.Provoke(); err != nil {
			return err
		}
		if err := c.rightOutput(m, c.Golden.Deadline, 1); err != nil {
			return err
		}
		if posted(m, c.System.Target().Recovered) {
			return c.Keep(recovered, i, true)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if c.Count(recovered) == 0 {
		return "", fmt.Errorf("none of %d provocations led to a recovery", c.Runs)
	}
	return fmt.Sprintf("%d runs with setting %s, %d recoveries", c.Runs, s.Name, c.Count(recovered)), nil
}

func posted(m faults.Machine, value uint64) bool {
	for _, e := range m.Events() {
		if e.Kind == faults.EventPost && e.Value == value {
			return true
		}
	}
	return false
}

// rightOutput runs m to its end, which must come with the golden output and no
// more detections than allowed.
func (c *checker) rightOutput(m faults.Machine, limit sim.Time, allowed int) error {
	t := c.System.Target()
	for {
		stop := m.Run(faults.Until{Time: limit, Watched: true})
		if stop.Reason == faults.Watched && allowed > 0 {
			allowed--
			continue
		}
		if stop.Reason == faults.Watched {
			cause := t.Cause(m, stop.CPU)
			return fmt.Errorf("the %s detected a failure: %s in %s", t.Name, cause.What, retrace.PlaceText(t.Site(cause)))
		}
		if stop.Reason != faults.Exited || stop.Code != t.ExitOK {
			return fmt.Errorf("%s at position %d; the console ends with:\n%s", campaign.Describe(stop), m.Position(), campaign.Tail(m.Serial()))
		}
		break
	}
	for _, v := range t.Judge(c.Golden.Output, m.Serial()) {
		if !v.Right {
			return fmt.Errorf("%s: %s", v.VM, v.Detail)
		}
	}
	return nil
}
