package campaign

import (
	"bytes"
	"fmt"
	"time"

	"resvirt/experiments"
	"resvirt/faults"
	"resvirt/sim"
)

// GoldenRun is the verified fault-free run with the facts that are reported of
// it.
type GoldenRun struct {
	faults.Golden
	Facts experiments.Facts
	Ended sim.Time // the end of the run; Span ends when no fault may strike any more
	Speed float64  // instructions per second of the host's time; for the session's record only
}

const (
	bootStep  = sim.Microsecond // how often the console is looked at while booting
	bootLimit = 10 * sim.Second
	RunLimit  = 1000 * sim.Second
)

// RunGolden boots, runs the workload to its end, and runs it again from the
// start of the workload: the second pass must repeat the first exactly, and
// leaves the snapshots and digests that faulty runs need.
func RunGolden(sys experiments.System, e *experiments.Experiment) (*GoldenRun, error) {
	return toldGolden(sys, e, experiments.Facts{}, Teller{})
}

// toldGolden is RunGolden with reports of its progress. known are the facts of an
// earlier golden run, if there was one.
func toldGolden(sys experiments.System, e *experiments.Experiment, known experiments.Facts, t Teller) (*GoldenRun, error) {
	m, err := sys.Boot()
	if err != nil {
		return nil, err
	}
	g := &GoldenRun{}
	meter := t.Begin("golden run", Millions, 0, 0)
	again := uint64(0) // number of instructions that it executes once more
	meter.Follow(m, func() (done, total uint64) {
		if total = known.BootInstructions + 2*known.Instructions; again > 0 {
			total = g.Position + 2*again
		}
		return m.Position() + again, total
	})
	defer meter.Follow(m, nil)
	if err := Boot(m, sys); err != nil {
		return nil, err
	}
	start := m.Snapshot()
	g.Position, g.Span.Start, g.Policy = m.Position(), m.Now(), m.Policy()
	before := sys.Facts(m)
	if err := g.first(m, sys, before); err != nil {
		return nil, err
	}
	g.Deadline = g.Ended + sim.Time(e.Deadline.DetectionUS+e.Deadline.RecoveryUS)*sim.Microsecond
	g.MaxConvergenceMiss = e.Golden.Misses
	m.Restore(start)
	again = g.Facts.Instructions
	return g, g.second(m, e)
}

// Boot runs m until all VMs have begun their workload.
func Boot(m faults.Machine, sys experiments.System) error {
	for !sys.Started(m.Serial()) {
		if m.Now() > bootLimit {
			return fmt.Errorf("boot: no VM started its workload within %v of virtual time; the console ends with:\n%s", bootLimit, Tail(m.Serial()))
		}
		if stop := m.Run(faults.Until{Time: m.Now() + bootStep, Watched: true}); stop.Reason != faults.Reached {
			return fmt.Errorf("boot ended early: %s; the console ends with:\n%s", Describe(stop), Tail(m.Serial()))
		}
	}
	return nil
}

func (g *GoldenRun) first(m faults.Machine, sys experiments.System, before experiments.Counters) error {
	t := sys.Target()
	begin := time.Now()
	stop := g.measure(m, sys)
	g.Speed = float64(m.Position()-g.Position) / time.Since(begin).Seconds()
	if stop.Reason != faults.Exited || stop.Code != t.ExitOK {
		what := Describe(stop)
		if stop.Reason == faults.Watched {
			c := t.Cause(m, stop.CPU)
			p := t.Locate(c.PC)
			what = fmt.Sprintf("the %s detected a failure without a fault: %s in %s (%s:%d)", t.Name, c.What, p.Function, p.File, p.Line)
		}
		return fmt.Errorf("golden run: %s; the console ends with:\n%s", what, Tail(m.Serial()))
	}
	g.End, g.Ended, g.Output, g.Code, g.Digest = m.Position(), m.Now(), bytes.Clone(m.Serial()), stop.Code, m.Digest()
	if g.Span.End == 0 {
		g.Span.End = g.Ended
	}
	verdicts := t.Judge(g.Output, g.Output)
	if len(verdicts) == 0 {
		return fmt.Errorf("golden run: no VM printed anything; the console ends with:\n%s", Tail(g.Output))
	}
	for _, v := range verdicts {
		if !v.Right || !v.Complete || v.Probe != faults.ProbePassed && v.Role != faults.ControlVM {
			return fmt.Errorf("golden run: %s: %s, probe %q; the console ends with:\n%s", v.VM, v.Detail, v.Probe, Tail(g.Output))
		}
	}
	if c, ok := sys.(experiments.OutputChecker); ok {
		if err := c.CheckOutput(g.Output); err != nil {
			return fmt.Errorf("golden run: %w; the console ends with:\n%s", err, Tail(g.Output))
		}
	}
	g.Facts = experiments.Facts{
		BootInstructions: g.Position, Instructions: g.End - g.Position,
		Time: g.Ended - g.Span.Start, Counters: sys.Facts(m).Minus(before),
	}
	return nil
}

// measureStep is how often the console is looked at in the measured part.
const measureStep = 10 * sim.Microsecond

// measure runs m to its end and notes when the part in which faults may strike
// is over.
func (g *GoldenRun) measure(m faults.Machine, sys experiments.System) faults.Stop {
	limit := g.Span.Start + RunLimit
	for m.Now() < limit {
		until := faults.Until{Time: limit, Watched: true}
		if g.Span.End == 0 {
			until.Time = m.Now() + measureStep
		}
		if stop := m.Run(until); stop.Reason != faults.Reached {
			return stop
		}
		if g.Span.End == 0 && sys.Measured(m.Serial()) {
			g.Span.End = m.Now()
		}
	}
	return faults.Stop{Reason: faults.Reached}
}

// second repeats the run in pieces, keeping states on the way.
func (g *GoldenRun) second(m faults.Machine, e *experiments.Experiment) error {
	length, n := g.End-g.Position, uint64(e.Golden.Digests)
	every := n / uint64(e.Golden.Snapshots)
	var beats []beat
	for k := uint64(0); k < n; k++ {
		position := g.Position + length*k/n
		if position > m.Position() {
			if stop := m.Run(faults.Until{Position: position}); stop.Reason != faults.Reached {
				return fmt.Errorf("golden run: the second pass ended at position %d: %s", m.Position(), Describe(stop))
			}
		}
		c := faults.Checkpoint{Position: m.Position(), Time: m.Now(), Digest: m.Digest()}
		beats = append(beats, beat{c.Time, m.Ring0()})
		if k%every == 0 {
			c.State = m.Snapshot()
		}
		g.Checkpoints = append(g.Checkpoints, c)
	}
	stop := m.Run(faults.Until{Time: g.Span.Start + RunLimit})
	if stop.Reason != faults.Exited || m.Position() != g.End || m.Digest() != g.Digest || !bytes.Equal(m.Serial(), g.Output) {
		return fmt.Errorf("golden run: BUG: the second pass differs from the first: %s at position %d digest %v, expected %d %v", Describe(stop), m.Position(), m.Digest(), g.End, g.Digest)
	}
	from, to := g.window(e.Faults.Window)
	g.Facts.WindowRing0 = windowed(append(beats, beat{m.Now(), m.Ring0()}), from, to)
	return nil
}

// Describe puts the end of a run in words.
func Describe(s faults.Stop) string {
	what := [...]string{
		faults.Reached: "bound reached", faults.Watched: "a failure was detected", faults.Exited: fmt.Sprintf("exit with code %d", s.Code),
		faults.AllHalted: "all processors halted for good", faults.Reset: "machine reset", faults.Unsupported: "unsupported by the model",
	}[s.Reason]
	if s.Detail != "" {
		what += ": " + s.Detail
	}
	return fmt.Sprintf("%s (CPU %d)", what, s.CPU)
}

// Tail is the end of a console output, for messages.
func Tail(b []byte) string {
	const most = 1500
	if len(b) > most {
		b = b[len(b)-most:]
	}
	return string(bytes.TrimSpace(b))
}
