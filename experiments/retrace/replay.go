package retrace

import (
	"context"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/recording"
	"resvirt/experiments/store"
	"resvirt/faults"
)

// Replay is a run executed again from what a database holds.
type Replay struct {
	Row         *experiments.Row
	Golden      *campaign.GoldenRun
	Target      *faults.Target
	Differences []string // between the stored row and this execution
	Trace       *Trace   // nil unless asked for
	Sources     recording.Sources
	Left        []string // oddities of the target's state at the end
	WhatIf      *WhatIf  // nil unless the setting was changed: then there are no Differences
}

// Execute runs a stored run again and compares it with its row. traced is
// how many instructions to keep around the fault and around the detection.
func Execute(ctx context.Context, db *store.DB, open recording.Open, setting string, index, traced int, t campaign.Teller) (*Replay, error) {
	return ExecuteChanged(ctx, db, open, setting, index, traced, experiments.Change{}, t)
}

// ExecuteChanged is Execute with the setting changed by c.
func ExecuteChanged(ctx context.Context, db *store.DB, open recording.Open, setting string, index, traced int, c experiments.Change, t campaign.Teller) (*Replay, error) {
	stored, err := db.Row(setting, index)
	if err != nil {
		return nil, err
	}
	s, err := db.Setting(setting)
	if err != nil {
		return nil, err
	}
	l, parts, s, err := recording.LabFor(ctx, db, open, c, s, t)
	if err != nil {
		return nil, err
	}
	r := &Replay{Golden: l.Golden, Target: l.System.Target(), Sources: recording.SourcesOf(parts)}
	err = campaign.While(ctx, func() error { return r.execute(l, stored, s, traced, c, t) })
	if err != nil {
		return nil, err
	}
	return r, nil
}

// execute executes the run as the campaign did, and once more if it is traced.
func (r *Replay) execute(l *campaign.Lab, stored *experiments.Row, s experiments.Setting, traced int, c experiments.Change, t campaign.Teller) (err error) {
	w := &campaign.Worker{Lab: l}
	from := l.Golden.Before(stored.Plan.Time, l.System.Margin()).Position
	w.Follow(t.Begin("executing "+stored.Run(), campaign.Millions, 0, 0), from, stored.EndPosition)
	rows := w.Unit(stored.Index, []experiments.Setting{s})
	r.Row = &rows[0]
	if !c.None() {
		r.WhatIf = NewWhatIf(c, s, stored, r.Row)
	} else if r.Differences, err = experiments.Compare(stored, r.Row); err != nil {
		return err
	}
	if i, ok := l.System.(experiments.Inspector); ok && w.Machine != nil && r.Row.Outcome.Unsurvived() {
		r.Left = i.Oddities(w.Machine)
	}
	if traced > 0 && r.Row.Strike != nil && r.Row.Outcome != faults.ToolError {
		w.Follow(t.Begin("tracing "+stored.Run(), campaign.Millions, 0, 0), from, stored.EndPosition)
		r.Trace = trace(w, r.Row, s, traced)
	}
	return nil
}
