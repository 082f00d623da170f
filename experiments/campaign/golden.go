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
// earlier golden run, if there was one. Then one pass is enough: how long the run is, so
// where the snapshots belong, is known, and the caller has the digest of its end.
func toldGolden(sys experiments.System, e *experiments.Experiment, known experiments.Facts, t Teller) (*GoldenRun, error) {
	m, err := sys.Boot()
	if err != nil {
		return nil, err
	}
	g := &GoldenRun{}
	meter := t.Begin("golden run", Millions, 0, 0)
	again := uint64(0) // number of instructions that it executes once more
	meter.Follow(m, func() (done, total uint64) {
		if total = known.BootInstructions + known.Instructions; again > 0 {
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
	g.MaxConvergenceMiss = e.Golden.Misses
	before := sys.Facts(m)
	if known.Instructions > 0 {
		return g, g.pass(m, sys, e, before, known.Instructions)
	}
	if err := g.pass(m, sys, e, before, 0); err != nil {
		return nil, err
	}
	first := *g
	m.Restore(start)
	again = g.Facts.Instructions
	if err := g.pass(m, sys, e, before, again); err != nil {
		return nil, fmt.Errorf("BUG: the second pass of the golden run differs from the first: %w", err)
	}
	if g.Digest != first.Digest || g.End != first.End || !bytes.Equal(g.Output, first.Output) {
		return nil, fmt.Errorf("golden run: BUG: the second pass ends at position %d with digest %v, the first at %d with %v", g.End, g.Digest, first.End, first.Digest)
	}
	return g, nil
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

// pass runs m from the start of the workload to its end. length is the number of
// instructions, if it is known: then states are kept on the way.
func (g *GoldenRun) pass(m faults.Machine, sys experiments.System, e *experiments.Experiment, before experiments.Counters, length uint64) error {
	t := sys.Target()
	begin := time.Now()
	samples := sampling{g: g, length: length, n: uint64(e.Golden.Digests), every: uint64(e.Golden.Digests / e.Golden.Snapshots)}
	g.Span.End = 0
	stop := g.measure(m, sys, &samples)
	if g.Speed == 0 {
		g.Speed = float64(m.Position()-g.Position) / time.Since(begin).Seconds()
	}
	if stop.Reason != faults.Exited || stop.Code != t.ExitOK {
		what := Describe(stop)
		if stop.Reason == faults.Watched {
			c := t.Cause(m, stop.CPU)
			p := t.Site(c)
			what = fmt.Sprintf("the %s detected a failure without a fault: %s in %s (%s:%d)", t.Name, c.What, p.Source(), p.File, p.Line)
		}
		return fmt.Errorf("golden run: %s; the console ends with:\n%s", what, Tail(m.Serial()))
	}
	if length > 0 && samples.k < samples.n {
		return fmt.Errorf("golden run: BUG: it ends at position %d, where an earlier one was %d instructions long", m.Position(), length)
	}
	g.End, g.Ended, g.Output, g.Code, g.Digest = m.Position(), m.Now(), bytes.Clone(m.Serial()), stop.Code, m.Digest()
	if g.Span.End == 0 {
		g.Span.End = g.Ended
	}
	g.Deadline = g.Ended + sim.Time(e.Deadline.DetectionUS+e.Deadline.RecoveryUS)*sim.Microsecond
	if err := judged(sys, g.Output); err != nil {
		return err
	}
	from, to := g.window(e.Faults.Window)
	g.Facts = experiments.Facts{
		BootInstructions: g.Position, Instructions: g.End - g.Position,
		Time: g.Ended - g.Span.Start, Counters: sys.Facts(m).Minus(before),
		WindowTarget: windowed(append(samples.beats, beat{m.Now(), m.Scoped()}), from, to),
	}
	return nil
}

// judged says what is wrong with the output of a golden run.
func judged(sys experiments.System, output []byte) error {
	verdicts := sys.Target().Judge(output, output)
	if len(verdicts) == 0 {
		return fmt.Errorf("golden run: no VM printed anything; the console ends with:\n%s", Tail(output))
	}
	for _, v := range verdicts {
		if !v.Right || !v.Complete || v.Probe != faults.ProbePassed && v.Role != faults.ControlVM {
			return fmt.Errorf("golden run: %s: %s, probe %q; the console ends with:\n%s", v.VM, v.Detail, v.Probe, Tail(output))
		}
	}
	if c, ok := sys.(experiments.OutputChecker); ok {
		if err := c.CheckOutput(output); err != nil {
			return fmt.Errorf("golden run: %w; the console ends with:\n%s", err, Tail(output))
		}
	}
	return nil
}

// measureStep is how often the console is looked at in the measured part.
const measureStep = 10 * sim.Microsecond

// measure runs m to its end, notes when the part in which faults may strike
// is over, and takes samples.
func (g *GoldenRun) measure(m faults.Machine, sys experiments.System, samples *sampling) faults.Stop {
	limit := g.Span.Start + RunLimit
	look := m.Now() + measureStep
	for m.Now() < limit {
		// Where samples are taken must not change when the console is looked at.
		until := faults.Until{Time: limit, Position: samples.next(m), Watched: true}
		if g.Span.End == 0 {
			until.Time = look
		}
		if stop := m.Run(until); stop.Reason != faults.Reached {
			return stop
		}
		if g.Span.End == 0 && m.Now() >= look {
			look = m.Now() + measureStep
			if sys.Measured(m.Serial()) {
				g.Span.End = m.Now()
			}
		}
	}
	return faults.Stop{Reason: faults.Reached}
}

// sampling keeps states of a golden run on the way, evenly distributed.
type sampling struct {
	g        *GoldenRun
	length   uint64 // of the run in instructions; 0 = unknown, then nothing is kept
	n, every uint64 // digests, and every how many of them a snapshot
	k        uint64 // the next
	beats    []beat
}

// next takes the samples that are due, and is the position of the next, 0 if there is
// none.
func (s *sampling) next(m faults.Machine) uint64 {
	for ; s.length > 0 && s.k < s.n; s.k++ {
		if position := s.g.Position + s.length*s.k/s.n; position > m.Position() {
			return position
		}
		c := faults.Checkpoint{Position: m.Position(), Time: m.Now(), Digest: m.Digest()}
		s.beats = append(s.beats, beat{c.Time, m.Scoped()})
		if s.k%s.every == 0 {
			c.State = m.Snapshot()
		}
		s.g.Checkpoints = append(s.g.Checkpoints, c)
	}
	return 0
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
