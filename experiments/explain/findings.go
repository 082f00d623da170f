package explain

import (
	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/store"
)

// findings are results of this program that a database keeps. With nil they are not kept.
type findings struct {
	db      *store.DB
	program string
}

func findingsIn(db *store.DB) (*findings, error) {
	program, err := store.Program()
	return &findings{db, program}, err
}

// recall reads a finding into v; ok is false if there is none yet.
func (f *findings) recall(name string, v any) (ok bool, err error) {
	if f == nil {
		return false, nil
	}
	return f.db.Finding(name, f.program, v)
}

func (f *findings) keep(name string, v any) error {
	if f == nil {
		return nil
	}
	return f.db.KeepFinding(name, f.program, v)
}

// The names of the parts of an explanation. Each is kept as soon as it is known.
func momentsOf(row *experiments.Row) string { return "moments of " + row.Run() }
func endOf(row *experiments.Row) string     { return "end of " + row.Run() }

// recalled reads the kept parts of a run's explanation, and tells which parts
// these are.
func (f *findings) recalled(row *experiments.Row) (e *Explanation, moments, end bool, err error) {
	e = &Explanation{}
	if moments, err = f.recall(momentsOf(row), e); err != nil {
		return nil, false, false, err
	}
	end, err = f.recall(endOf(row), &e.End)
	return e, moments, end, err
}

// complete finds the parts of an explanation that are missing.
func (x *explainer) complete(e *Explanation, moments, end bool, row *experiments.Row, s experiments.Setting) error {
	if !moments {
		there := e.End
		if err := x.moments(e, row, s); err != nil {
			return err
		}
		e.End = End{}
		if err := x.kept.keep(momentsOf(row), e); err != nil {
			return err
		}
		e.End = there
	}
	if end || row.Strike == nil {
		return nil
	}
	x.count(x.teller.Begin("the end of "+row.Run(), campaign.Millions, 0, 0))
	var err error
	if e.End, err = x.end(row, s); err != nil {
		return err
	}
	if err := x.kept.keep(endOf(row), &e.End); err != nil || x.kept == nil || !row.Outcome.Unsurvived() || obvious(s) {
		return err
	}
	return x.kept.db.KeepCauses(causesVersion, []store.Cause{ended(row, &e.End)})
}

// count lets a meter count all that the explainer executes, by whichever
// function.
func (x *explainer) count(m *campaign.Meter) {
	if x.Machine == nil {
		x.Restore(x.Golden.Checkpoints[0].State)
	}
	last, sum := x.Machine.Position(), uint64(0)
	m.Follow(x.Machine, func() (done, total uint64) {
		const most = 1_000_000 // more at a time is not execution, but another state
		if now := x.Machine.Position(); now > last {
			sum += min(now-last, most)
		}
		last = x.Machine.Position()
		return sum, 0
	})
}
