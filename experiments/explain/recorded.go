package explain

import (
	"context"

	"resvirt/experiments/campaign"
	"resvirt/experiments/recording"
	"resvirt/experiments/store"
	"resvirt/experiments/testbed"
)

// Of explains a recording, on a machine of its own: the recording stays where it is. It
// leaves out what would have helped. What the database db keeps of a stored run is
// taken from there, and what is found is kept in it; with nil, and of a run that is not
// stored, neither.
func Of(ctx context.Context, r *recording.Recording, db *store.DB, t campaign.Teller) (*Explanation, error) {
	var kept *findings
	if db != nil && r.Change.None() {
		var err error
		if kept, err = findingsIn(db); err != nil {
			return nil, err
		}
	}
	e, moments, end := &Explanation{}, false, false
	if kept != nil {
		var err error
		if e, moments, end, err = kept.recalled(r.Row); err != nil {
			return nil, err
		}
	}
	if moments && (end || r.Row.Strike == nil) {
		return e, nil
	}
	a, err := testbed.AnatomyOf(r.Lab.System)
	if err != nil {
		return nil, err
	}
	x := newExplainer(r.Lab, a, r.Sources)
	x.kept, x.teller = kept, t
	err = campaign.While(ctx, func() error { return x.complete(e, moments, end, r.Row, r.Setting) })
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Survivors are stored runs of the same fault under other settings that survived it.
type Survivors struct{ list []pairedRow }

// SurvivorsOf reads them. A run that did not fail, or not visibly, has none.
func SurvivorsOf(db *store.DB, r *recording.Recording) (Survivors, error) {
	list, err := paired(db, r.Row, r.Setting)
	return Survivors{list}, err
}

// HelpsOf finds what would have helped a failed run of which e is the explanation, according to
// survivors. It executes runs and uses no database.
func HelpsOf(ctx context.Context, r *recording.Recording, e *Explanation, by Survivors, t campaign.Teller) (*Helps, error) {
	if len(by.list) == 0 {
		return &Helps{}, nil
	}
	a, err := testbed.AnatomyOf(r.Lab.System)
	if err != nil {
		return nil, err
	}
	x := newExplainer(r.Lab, a, r.Sources)
	x.teller = t
	found := &Explanation{Left: e.Left}
	if err := campaign.While(ctx, func() error { return x.remedies(found, r.Row, r.Setting, by.list) }); err != nil {
		return nil, err
	}
	return &found.Helps, nil
}
