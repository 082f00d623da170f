package campaign

import (
	"context"

	"resvirt/experiments"
	"resvirt/faults"
)

// Lab is what all trials of a campaign share: the system and its verified
// golden run.
type Lab struct {
	System     experiments.System
	Experiment *experiments.Experiment
	Campaign   string
	Series     string // of the faults
	Golden     *GoldenRun
	Model      faults.Model
}

// NewLab makes the golden run of an experiment's system.
func NewLab(e experiments.Experiment, sys experiments.System) (*Lab, error) {
	return NewToldLab(context.Background(), e, sys, experiments.Facts{}, Teller{})
}

// NewToldLab is NewLab with reports of its progress; it ends with ctx. known are the
// facts of an earlier golden run, if there was one.
func NewToldLab(ctx context.Context, e experiments.Experiment, sys experiments.System, known experiments.Facts, t Teller) (*Lab, error) {
	var golden *GoldenRun
	err := While(ctx, func() (err error) {
		golden, err = toldGolden(sys, &e, known, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Lab{System: sys, Experiment: &e, Campaign: Digest(Identity(&e, sys)), Series: Series(&e), Golden: golden, Model: e.Model()}, nil
}

// Trials runs fault index under each of the settings on m, which may be nil:
// then on a machine of its own.
func (l *Lab) Trials(m faults.Machine, index int, settings []experiments.Setting) []experiments.Row {
	w := &Worker{Lab: l, Machine: m}
	return w.Unit(index, settings)
}
