package explain

import (
	"context"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/recording"
	"resvirt/experiments/retrace"
	"resvirt/experiments/store"
	"resvirt/experiments/testbed"
)

// WhatIf explains what a stored run would have been with its setting changed.
func WhatIf(ctx context.Context, db *store.DB, open recording.Open, setting string, index int, c experiments.Change, t campaign.Teller) (*Explanation, error) {
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
	a, err := testbed.AnatomyOf(l.System)
	if err != nil {
		return nil, err
	}
	x := newExplainer(l, a, recording.SourcesOf(parts))
	x.teller = t
	e := &Explanation{}
	return e, campaign.While(ctx, func() error {
		row := &x.Unit(index, []experiments.Setting{s})[0]
		others, err := paired(db, row, s)
		if err != nil {
			return err
		}
		if err := x.complete(e, false, false, row, s); err != nil {
			return err
		}
		e.WhatIf = retrace.NewWhatIf(c, s, stored, row)
		return x.remedies(e, row, s, others)
	})
}
