package experiments

import (
	"fmt"

	"resvirt/faults"
	"resvirt/sim"
	"resvirt/vi/inspect"
)

// Explanation is what an execution shows of why a run ended as it did.
type Explanation struct {
	Run       string    `json:"run"`
	Outcome   string    `json:"outcome"`
	Fault     string    `json:"fault"`
	At        Line      `json:"at"`
	Detection *Detected `json:"detection,omitempty"` // nil: nothing was detected
	Steps     []Effect  `json:"steps,omitempty"`
	// Left is what does not hold when recovery says that it is complete and the
	// VMs are about to run; meaningful if Complete.
	Left     []inspect.Violation `json:"left,omitempty"`
	Complete bool                `json:"complete"`
	End      End                 `json:"end"`
}

// Line is a place in the program, with its source.
type Line struct {
	Function string `json:"function"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	PC       uint64 `json:"pc"`
	Source   string `json:"source,omitempty"`
}

// Detected is the state when a failure was detected.
type Detected struct {
	What       string              `json:"what"`
	CPU        int                 `json:"cpu"`
	Position   uint64              `json:"position"`
	Time       sim.Time            `json:"time_ps"`
	Evidence   []string            `json:"evidence,omitempty"`
	CPUs       []Chain             `json:"cpus"`
	Violations []inspect.Violation `json:"violations,omitempty"` // that the golden run has not at the same position
	Golden     []inspect.Violation `json:"golden,omitempty"`     // that it has as well
	Differs    []Difference        `json:"differs,omitempty"`
}

// Chain is what a processor was doing, innermost first.
type Chain struct {
	CPU   int    `json:"cpu"`
	State string `json:"state"`
	Calls []Line `json:"calls"`
}

// Effect is what changed from one announcement of recovery to the next. What
// other processors did meanwhile counts as well.
type Effect struct {
	Name     string              `json:"name"`
	CPU      int                 `json:"cpu"`
	Position uint64              `json:"position"`
	Time     sim.Time            `json:"time_ps"`
	Repaired []inspect.Violation `json:"repaired,omitempty"`
	Broken   []inspect.Violation `json:"broken,omitempty"`
	Left     int                 `json:"left"` // violations after it
}

// End is how the run ended, and why.
type End struct {
	Cause    string   `json:"cause"` // the same for runs that failed alike
	Evidence []string `json:"evidence,omitempty"`
	CPUs     []Chain  `json:"cpus"`
	Console  []string `json:"console,omitempty"`
}

// Explain executes a stored run again, looking at the target on the way.
func (db *DB) Explain(open func(Experiment, []Part) (System, error), setting string, index int) (*Explanation, error) {
	stored, err := db.Row(setting, index)
	if err != nil {
		return nil, err
	}
	l, parts, err := db.lab(open)
	if err != nil {
		return nil, err
	}
	s, err := db.setting(setting)
	if err != nil {
		return nil, err
	}
	a, err := anatomyOf(l.sys)
	if err != nil {
		return nil, err
	}
	return newExplainer(l, a, sources(parts)).explain(stored, s)
}

// setting reads one setting.
func (db *DB) setting(name string) (Setting, error) {
	settings, err := db.Settings()
	if err != nil {
		return Setting{}, err
	}
	for _, s := range settings {
		if s.Name == name {
			return s, nil
		}
	}
	return Setting{}, fmt.Errorf("database %s has no setting %q", db.path, name)
}

// explainer executes runs of one campaign to find out why they failed.
type explainer struct {
	worker
	a       *anatomy
	sources Sources
	calls   *goldenCalls
	follows follows
}

// follows is what still has to happen to the run that the machine repeats.
type follows struct {
	further []faults.Struck   // faults that strike later
	lifts   *faults.Detection // where a change of code ends, nil if none does
}

func newExplainer(l *Lab, a *anatomy, s Sources) *explainer {
	return &explainer{worker: worker{Lab: l}, a: a, sources: s, calls: &goldenCalls{}}
}

func (x *explainer) explain(row *Row, s Setting) (*Explanation, error) {
	e := &Explanation{Run: row.Run(), Outcome: outcomeText(row)}
	if row.Strike == nil {
		e.Fault = "not applied"
		return e, nil
	}
	e.Fault, e.At = strikeText(row.Strike), x.line(row.Strike.Place)
	if err := x.follow(e, row, s); err != nil {
		return nil, err
	}
	var err error
	e.End, err = x.end(row, s)
	return e, err
}

// begin brings the machine to the fault and applies it.
func (x *explainer) begin(row *Row, s Setting) error {
	x.follows = follows{}
	if ok, why := x.toTrigger(row.Plan); !ok {
		return fmt.Errorf("%s: the fault is not applied again: %s", row.Run(), why)
	}
	return x.inject(row, s)
}

// inject applies the fault, and notes what else is to happen.
func (x *explainer) inject(row *Row, s Setting) error {
	x.m.SetPolicy(mustPolicy(s, x.sys))
	if _, err := faults.Inject(x.m, x.sys.Target(), row.Plan); err != nil {
		return err
	}
	x.follows.further = row.Further
	if row.Plan.Kind.Lifts() && len(row.Detections) > 0 {
		x.follows.lifts = &row.Detections[0]
	}
	return nil
}

// to runs on to a position. On the way later faults strike, and what the first
// changed of code ends with the detection, as when the run was first executed.
func (x *explainer) to(position uint64) {
	for {
		f := &x.follows
		strikes := len(f.further) > 0 && f.further[0].Strike != nil && f.further[0].Strike.Position <= position
		lifts := f.lifts != nil && f.lifts.Position < position
		switch {
		case lifts && (!strikes || f.lifts.Position < f.further[0].Strike.Position):
			x.past(f.lifts)
		case strikes:
			next := f.further[0]
			f.further = f.further[1:]
			x.run(next.Strike.Position)
			if x.m.Next() == next.Strike.CPU && x.m.CPL(next.Strike.CPU) == 0 {
				// What it finds is what it found before: there is nothing to tell.
				_, _ = faults.Inject(x.m, x.sys.Target(), next.Plan)
			}
		case len(f.further) > 0 && f.further[0].Strike == nil:
			f.further = f.further[1:]
		default:
			x.run(position)
			return
		}
	}
}

// run goes on to a position without anything on the way.
func (x *explainer) run(position uint64) {
	for x.m.Position() < position {
		before := x.m.Position()
		if stop := x.m.Run(faults.Until{Position: position}); stop.Reason != faults.Reached || x.m.Position() == before {
			return
		}
	}
}

// past runs on until a detection has just been made.
func (x *explainer) past(d *faults.Detection) {
	x.to(d.Position)
	lifts := x.follows.lifts
	for x.m.Position() <= d.Position {
		if stop := x.m.Run(faults.Until{Time: x.Lab.golden.Deadline, Watched: true}); stop.Reason != faults.Watched {
			break
		}
	}
	if lifts != nil {
		x.m.EndFlips()
		x.follows.lifts = nil
	}
}

// golden brings the machine to the golden state at a position or, if the golden
// run is shorter, shortly before its end.
func (x *explainer) golden(position uint64) {
	x.follows = follows{}
	g := &x.Lab.golden.Golden
	position = min(position, g.End-1)
	best := 0
	for i := range g.Checkpoints {
		if c := &g.Checkpoints[i]; c.State != nil && c.Position <= position {
			best = i
		}
	}
	x.restore(g.Checkpoints[best].State)
	x.to(position)
}

func (x *explainer) line(p faults.Place) Line {
	return Line{p.Function, p.File, p.Line, p.PC, x.sources.Line(p.File, p.Line)}
}

// chains says what all processors do.
func (x *explainer) chains() []Chain {
	var list []Chain
	for i := range x.m.CPUs() {
		state := "in the VMM"
		im := x.a.machine(x.m)
		switch {
		case im.CPUs[i].Guest:
			state = "in a VM"
		case im.CPUs[i].Halted:
			state = "halted"
		}
		list = append(list, Chain{i, state, x.linesOf(x.a.chainOf(x.m, i))})
	}
	return list
}

// linesOf drops what the compiler made.
func (x *explainer) linesOf(frames []frame) []Line {
	list := []Line{}
	for _, f := range frames {
		if f.place.File != "<autogenerated>" {
			list = append(list, x.line(f.place))
		}
	}
	return list
}
