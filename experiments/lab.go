package experiments

import (
	"errors"

	"resvirt/faults"
	"resvirt/hw/machine"
)

// Lab is what all trials of a campaign share: the system and its verified
// golden run.
type Lab struct {
	sys      System
	exp      *Experiment
	campaign string
	golden   *GoldenRun
	model    faults.Model
}

// NewLab makes the golden run of an experiment's system.
func NewLab(e Experiment, sys System) (*Lab, error) {
	golden, err := runGolden(sys, &e)
	if err != nil {
		return nil, err
	}
	return &Lab{sys: sys, exp: &e, campaign: campaignDigest(identity(&e, sys)), golden: golden, model: e.model()}, nil
}

// System is what the golden run was made of.
func (l *Lab) System() System { return l.sys }

// Golden is the run without a fault.
func (l *Lab) Golden() *GoldenRun { return l.golden }

// Trials runs fault index under each of the settings on m, which may be nil:
// then on a machine of its own.
func (l *Lab) Trials(m faults.Machine, index int, settings []Setting) []Row {
	w := &worker{Lab: l, m: m}
	return w.unit(index, settings)
}

// OnEngine is a system that BuildSystem made, with machines of another engine.
func OnEngine(sys System, engine machine.Engine) (System, error) {
	s, ok := sys.(*system)
	if !ok {
		return nil, errors.New("this system is not made of the machine whose engines there are")
	}
	other := *s
	other.spec.Engine = engine
	return &other, nil
}
