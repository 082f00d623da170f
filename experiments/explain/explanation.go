package explain

import (
	"context"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/recording"
	"resvirt/experiments/retrace"
	"resvirt/experiments/store"
	"resvirt/experiments/testbed"
	"resvirt/faults"
	"resvirt/sim"
	"resvirt/vi/inspect"
)

// Explanation says why a run ended as it did, as far as executing it again
// shows that.
type Explanation struct {
	WhatIf    *retrace.WhatIf `json:"what_if,omitempty"` // the run is not stored, but this variant of a stored one
	Run       string          `json:"run"`
	Outcome   string          `json:"outcome"`
	Fault     string          `json:"fault"`
	CPU       int             `json:"cpu"`      // that the fault struck, -1 = none
	Position  uint64          `json:"position"` // of the fault, 0 = none
	At        Line            `json:"at"`
	Detection *Detected       `json:"detection,omitempty"` // nil: nothing was detected
	Steps     []Effect        `json:"steps,omitempty"`
	// Left lists the violated invariants when recovery announces that it is
	// complete and the VMs are about to run. If it never does, they are those at
	// its last announcement, or at the detection.
	Left     []inspect.Violation `json:"left,omitempty"`
	Complete bool                `json:"complete"`
	Helps    Helps               `json:"helps"`
	End      End                 `json:"end"`
}

// Line is a place in the program, with its source.
type Line struct {
	Function string `json:"function"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	PC       uint64 `json:"pc"`
	Source   string `json:"source,omitempty"`
	In       string `json:"in,omitempty"` // in which Function is expanded, where the place is not one of a chain
}

// Detected is the state when a failure was detected.
type Detected struct {
	What       string               `json:"what"`
	CPU        int                  `json:"cpu"`
	Position   uint64               `json:"position"`
	Time       sim.Time             `json:"time_ps"`
	Evidence   []Fact               `json:"evidence,omitempty"`
	CPUs       []Chain              `json:"cpus"`
	Violations []inspect.Violation  `json:"violations,omitempty"` // violations that the golden run does not have at the same position
	Golden     []inspect.Violation  `json:"golden,omitempty"`     // violations that it has as well
	Differs    []testbed.Difference `json:"differs,omitempty"`
}

// Chain is what a processor was doing, innermost first.
type Chain struct {
	CPU   int    `json:"cpu"`
	State string `json:"state"`
	Calls []Line `json:"calls"`
}

// Effect holds the changes of a step of recovery, and beside them those of others
// between its announcement and the next.
type Effect struct {
	Name     string   `json:"name"`
	CPU      int      `json:"cpu"`
	Position uint64   `json:"position"`
	Time     sim.Time `json:"time_ps"`
	Changes
	Beside []Beside `json:"beside,omitempty"`
	Left   int      `json:"left"` // violations at the next announcement
}

// End is how the run ended, and why.
type End struct {
	Cause    Cause    `json:"cause"`
	Position uint64   `json:"position"`
	Evidence []Fact   `json:"evidence,omitempty"`
	CPUs     []Chain  `json:"cpus"`
	Console  []string `json:"console,omitempty"`
}

// known says whether there is an end: a run that was not struck has none.
func (e *End) known() bool { return e.Cause.String() != "" }

// Run executes a stored run again, looking at the target on the way.
func Run(ctx context.Context, db *store.DB, open recording.Open, setting string, index int, t campaign.Teller) (*Explanation, error) {
	row, err := db.Row(setting, index)
	if err != nil {
		return nil, err
	}
	s, err := db.Setting(setting)
	if err != nil {
		return nil, err
	}
	kept, err := findingsIn(db)
	if err != nil {
		return nil, err
	}
	e, moments, end, err := kept.recalled(row)
	if err != nil {
		return nil, err
	}
	others, err := paired(db, row, s)
	if err != nil {
		return nil, err
	}
	var helps Helps
	helped := len(others) == 0
	if !helped {
		if helped, err = kept.recall(remediesOf(row, others), &helps); err != nil {
			return nil, err
		}
	}
	if moments && (end || row.Strike == nil) && helped {
		e.Helps = helps
		return e, nil
	}
	l, parts, err := recording.LabOf(ctx, db, open, t)
	if err != nil {
		return nil, err
	}
	a, err := testbed.AnatomyOf(l.System)
	if err != nil {
		return nil, err
	}
	x := newExplainer(l, a, recording.SourcesOf(parts))
	x.kept, x.teller = kept, t
	err = campaign.While(ctx, func() error {
		if err := x.complete(e, moments, end, row, s); err != nil {
			return err
		}
		if e.Helps = helps; helped {
			return nil
		}
		if err := x.remedies(e, row, s, others); err != nil {
			return err
		}
		return kept.keep(remediesOf(row, others), &e.Helps)
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// explainer executes runs of one campaign to find out why they failed.
type explainer struct {
	recording.Walk
	a       *testbed.Anatomy
	sources recording.Sources
	calls   *goldenCalls
	kept    *findings
	teller  campaign.Teller
}

func newExplainer(l *campaign.Lab, a *testbed.Anatomy, s recording.Sources) *explainer {
	return &explainer{Walk: recording.NewWalk(l), a: a, sources: s, calls: &goldenCalls{}}
}

func (x *explainer) explain(row *experiments.Row, s experiments.Setting) (*Explanation, error) {
	e := &Explanation{}
	return e, x.complete(e, false, false, row, s)
}

// moments explains a run but for its end.
func (x *explainer) moments(e *Explanation, row *experiments.Row, s experiments.Setting) error {
	e.Run, e.Outcome = row.Run(), retrace.OutcomeText(row)
	if row.Strike == nil {
		e.Fault, e.CPU = "not applied", -1
		return nil
	}
	e.Fault, e.At = retrace.StrikeText(row.Strike), x.line(row.Strike.Place)
	e.CPU, e.Position = row.Strike.CPU, row.Strike.Position
	return x.follow(e, row, s)
}

func (x *explainer) line(p faults.Place) Line {
	l := Line{Function: p.Source(), File: p.File, Line: p.Line, PC: p.PC, Source: x.sources.Line(p.File, p.Line)}
	if p.Inlined != "" {
		l.In = p.Function
	}
	return l
}

// chains says what all processors do.
func (x *explainer) chains() []Chain {
	var list []Chain
	for i := range x.Machine.CPUs() {
		state := "in the VMM"
		im := x.a.Machine(x.Machine)
		switch {
		case im.CPUs[i].Guest:
			state = "in a VM"
		case im.CPUs[i].Halted:
			state = "halted"
		}
		list = append(list, Chain{i, state, x.linesOf(x.a.ChainOf(x.Machine, i))})
	}
	return list
}

// linesOf lists the source lines of stack frames, without functions that the
// compiler made.
func (x *explainer) linesOf(frames []testbed.StackFrame) []Line {
	list := []Line{}
	for _, f := range frames {
		if f.Place.File != "<autogenerated>" {
			list = append(list, x.line(f.Place))
		}
	}
	return list
}
