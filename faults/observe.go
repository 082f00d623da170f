package faults

import (
	"slices"

	"resvirt/sim"
)

// Detection is one pass through a detection entry.
type Detection struct {
	Kind     DetectionKind `json:"kind"`
	What     string        `json:"what"`
	Place    Place         `json:"place"` // what was executing
	CPU      int           `json:"cpu"`
	Position uint64        `json:"position"`
	Time     sim.Time      `json:"time"`
	output   int           // bytes of console output until then
}

// DetectionKind is the entry that a detection passed.
type DetectionKind string

// Kinds of detections.
const (
	ByPanic DetectionKind = "panic"
	ByHang  DetectionKind = "hang"

	// Of a target that is a VM, beside those of the hypervisor, which mean that it failed.
	ByDeath DetectionKind = "died"   // its kernel ended itself
	ByKill  DetectionKind = "killed" // its kernel ended a program
	ByCrash DetectionKind = "crash"  // the hypervisor ended it
)

// Step is a recovery step that the target announced, or a CPU resuming.
type Step struct {
	Code     uint64   `json:"code"`
	Name     string   `json:"name"`
	Place    Place    `json:"place"`
	CPU      int      `json:"cpu"`
	Position uint64   `json:"position"`
	Time     sim.Time `json:"time"`
	Done     bool     `json:"done,omitempty"` // not a step: the target says that recovery is complete
}

// Observation is what an execution showed after the fault struck.
type Observation struct {
	Converged  bool
	Detections []Detection
	Steps      []Step
	Recovered  bool     // the target announced a completed recovery
	GivenUp    bool     // the target announced that it stopped for good
	Resumed    sim.Time // first unprivileged instruction of the last VM to resume; 0 = none
	ResumedAt  uint64   // its position
	Ended      bool     // of a target that is a VM: it runs no more
	Stop       Stop
	Position   uint64
	Time       sim.Time
	Digest     sim.Digest
	Output     []byte
	Ends       []End    // what each CPU was executing, by number
	Further    []Struck // the run's other faults
}

// End is where a CPU was when the run ended.
type End struct {
	CPL   uint8 `json:"cpl"`
	Place Place `json:"place"`
}

// slice is the time, after a detection, between two looks at a run's events.
const slice = 100 * sim.Microsecond

// Observe follows m from the instruction where the fault struck to the end of
// the run, a proof that nothing more can happen, or the deadline. Before a
// detection it compares m with golden checkpoints: with each of the first
// MaxConvergenceMiss after the fault, then with those that hold a snapshot.
// plans are the run's faults: the first has struck, the others strike on the
// way. Temporary changes of code end when detection begins.
func Observe(m Machine, t *Target, g *Golden, policy uint64, plans ...Plan) Observation {
	var o Observation
	var rest later
	if len(plans) > 1 {
		rest.plans = plans[1:]
	}
	next := len(g.Checkpoints)
	if !g.Exhaustive {
		next = g.from(m.Position())
	}
	for missed := 0; ; {
		until := Until{Time: g.Deadline, Watched: true}
		if len(o.Detections) > 0 {
			until.Time = min(g.Deadline, m.Now()+slice)
		} else if next < len(g.Checkpoints) && len(rest.plans) == 0 {
			until.Position = g.Checkpoints[next].Position
		}
		if t.Alone && len(o.Detections) == 0 {
			until.Time = min(until.Time, m.Now()+lookEvery)
		}
		rest.bound(m, &until)
		o.Stop = Stop{Reason: Reached}
		if until.Position == 0 || until.Position > m.Position() {
			o.Stop = m.Run(until)
		}
		if o.noticed(m, t) && o.Stop.Reason == Reached && len(plans) > 0 && plans[0].Kind.Lifts() {
			m.EndFlips()
		}
		if o.Stop.Reason == Watched {
			d, ok := detection(m, t, o.Stop.CPU)
			if !ok {
				continue // of something else than the target
			}
			o.Detections = append(o.Detections, d)
			if len(plans) > 0 && plans[0].Kind.Lifts() {
				m.EndFlips()
			}
			continue
		}
		if o.Stop.Reason != Reached || m.Now() >= g.Deadline {
			break
		}
		if rest.strike(m, t) && !g.Exhaustive {
			next = g.from(m.Position())
		}
		if len(o.Detections) == 0 && m.Position() == until.Position {
			if sameAs(m, g, &g.Checkpoints[next], policy) {
				o.Converged = true
				break
			}
			missed++
			for next++; missed > g.MaxConvergenceMiss && next < len(g.Checkpoints) && g.Checkpoints[next].State == nil; {
				next++
			}
		}
		if len(o.Detections) > 0 && !g.Exhaustive && posted(m, t.GivenUp) {
			break
		}
	}
	o.Position, o.Time, o.Digest, o.Output = m.Position(), m.Now(), m.Digest(), m.Serial()
	for i := range m.CPUs() {
		o.Ends = append(o.Ends, End{m.CPL(i), t.Locate(m.Register(i, RIP))})
	}
	o.Ended = o.Stop.Reason == Exited || t.Ended != nil && t.Ended(m)
	o.Further = rest.all()
	o.readEvents(m.Events(), t)
	return o
}

func posted(m Machine, value uint64) bool {
	for _, e := range m.Events() {
		if e.Kind == EventPost && e.Value == value {
			return true
		}
	}
	return false
}

// detection is the one that the entry is at which the run has stopped, if it counts.
func detection(m Machine, t *Target, cpu int) (d Detection, ok bool) {
	d = Detection{Kind: ByPanic, CPU: cpu, Position: m.Position(), output: len(m.Serial())}
	causeOf := t.Cause
	for _, e := range slices.Backward(m.Events()) {
		if e.Kind != EventWatched {
			continue
		}
		d.Position, d.Time, d.CPU = e.Position, e.Time, e.CPU
		for i := range t.Entries {
			x := &t.Entries[i]
			if x.PC != e.PC {
				continue
			}
			if x.Counts != nil && !x.Counts(m, e) {
				return d, false
			}
			if d.Kind = x.Kind; x.Cause != nil {
				causeOf = x.Cause
			}
		}
		break // the last is the one at which the run has stopped
	}
	cause := causeOf(m, d.CPU)
	d.What, d.Place = cause.What, t.Site(cause)
	return d, true
}

// readEvents turns the machine's events into steps and the moment of
// resumption. Only events after the first detection count.
func (o *Observation) readEvents(events []Event, t *Target) {
	if len(o.Detections) == 0 {
		return
	}
	since := o.Detections[0].Position
	for _, e := range events {
		if e.Position < since {
			continue
		}
		switch e.Kind {
		case EventPost:
			if t.posts(e.Value) {
				o.step(e, t)
			}
		case EventUserEntry:
			if t.VM != "" {
				continue // no recovery brings it back
			}
			o.Steps = append(o.Steps, Step{Code: StepResume, Place: t.Locate(e.PC), Name: "VM code runs", CPU: e.CPU, Position: e.Position, Time: e.Time})
			if o.Recovered && e.Time > o.Resumed {
				o.Resumed, o.ResumedAt = e.Time, e.Position
			}
		}
	}
}

// StepResume is the code of steps that no target posts: a CPU runs a VM again.
const StepResume = 1 << 16

func (o *Observation) step(e Event, t *Target) {
	s := Step{Code: e.Value, Place: poster(e, t), Name: t.StepNames[e.Value], CPU: e.CPU, Position: e.Position, Time: e.Time}
	switch e.Value {
	case t.Recovered:
		s.Name, s.Done, o.Recovered = "recovery complete", true, true
		o.Resumed, o.ResumedAt = 0, 0
	case t.GivenUp:
		s.Name, o.GivenUp = "given up", true
	}
	o.Steps = append(o.Steps, s)
}

// poster is the place that announced a step, not the helper that it called.
func poster(e Event, t *Target) Place {
	p, found := t.outside(e.PC, t.Helper)
	for i := 0; !found && i < len(e.Callers); i++ {
		if caller, ok := t.outside(e.Callers[i]-1, t.Helper); caller.Function != "" {
			p, found = caller, ok
		}
	}
	return p
}
