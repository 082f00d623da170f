package explain

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/retrace"
	"resvirt/experiments/store"
	"resvirt/experiments/testbed"
)

// causesVersion is counted up when causes are found or named in another way, so
// that databases do not mix two kinds.
const causesVersion = "2"

// Causes ranks why the runs of a campaign failed.
type Causes struct {
	Groups []CauseGroup `json:"groups"`
}

// CauseGroup is the failures of a setting and fault type.
type CauseGroup struct {
	Setting string      `json:"setting"`
	Fault   string      `json:"fault"`
	Runs    int         `json:"runs"` // that failed
	Causes  []CauseRank `json:"causes"`
}

// CauseRank is a cause and how many runs share it.
type CauseRank struct {
	Cause   string  `json:"cause"`
	Runs    int     `json:"runs"`
	Share   float64 `json:"share"`   // of the group's failures
	Example string  `json:"example"` // the first run with it
	Line    string  `json:"line"`    // the example's first evidence

	left leftovers
}

// CausesOf finds the cause of every failed run, executing those that no earlier
// call has explained, and ranks them. say is told what takes time.
func CausesOf(ctx context.Context, db *store.DB, open func(experiments.Experiment, []experiments.Part) (experiments.System, error), f store.CauseFilter, say func(string)) (*Causes, error) {
	if err := f.Check(db); err != nil {
		return nil, err
	}
	refs, err := db.Failed(f)
	if err != nil {
		return nil, err
	}
	known, err := db.KnownCauses(causesVersion)
	if err != nil {
		return nil, err
	}
	var todo []store.FailedRun
	for _, r := range refs {
		if _, ok := known[r.Key()]; !ok {
			todo = append(todo, r)
		}
	}
	if len(todo) > 0 {
		found, err := findCauses(ctx, db, open, todo, say)
		if err != nil {
			return nil, err
		}
		for i, r := range todo {
			known[r.Key()] = found[i]
		}
		if err := db.KeepCauses(causesVersion, found); err != nil {
			return nil, err
		}
	}
	return rank(refs, known), nil
}

// findCauses explains runs on all cores; the results are in the runs' order.
func findCauses(ctx context.Context, db *store.DB, open func(experiments.Experiment, []experiments.Part) (experiments.System, error), todo []store.FailedRun, say func(string)) ([]store.Cause, error) {
	rows := make([]*experiments.Row, len(todo))
	for i, r := range todo {
		var err error
		if rows[i], err = db.Row(r.Setting, r.Index); err != nil {
			return nil, err
		}
	}
	settings := make([]experiments.Setting, len(todo))
	execute := 0
	for i, r := range todo {
		var err error
		if settings[i], err = db.Setting(r.Setting); err != nil {
			return nil, err
		}
		if !obvious(settings[i]) {
			execute++
		}
	}
	if execute == 0 {
		return obviousCauses(rows), nil
	}
	say("golden run")
	l, parts, err := retrace.LabOf(db, open)
	if err != nil {
		return nil, err
	}
	a, err := testbed.AnatomyOf(l.System)
	if err != nil && err != testbed.ErrNoAnatomy {
		return nil, err
	}
	if a != nil {
		say(fmt.Sprintf("executing %s again", plural(execute, "failed run")))
	}
	texts := retrace.SourcesOf(parts)
	calls := &goldenCalls{}
	workers := campaign.WorkersFor(l.Experiment.Machine.MemoryMB)
	free := make(chan *explainer, workers)
	for range workers {
		free <- &explainer{Walk: retrace.NewWalk(l), a: a, sources: texts, calls: calls}
	}
	found := make([]store.Cause, len(todo))
	err = campaign.ForEach(workers, len(todo), func(i int) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		x := <-free
		defer func() { free <- x }()
		var err error
		found[i], err = x.cause(rows[i], settings[i])
		return err
	})
	return found, err
}

// stated is the cause that a row has by itself.
func stated(row *experiments.Row) store.Cause {
	c := store.Cause{Setting: row.Setting, Index: row.Index, Text: row.Cause, Line: retrace.OutcomeText(row)}
	if c.Text == "" {
		c.Text = notDetected(row)
	}
	return c
}

func obviousCauses(rows []*experiments.Row) []store.Cause {
	var list []store.Cause
	for _, r := range rows {
		list = append(list, stated(r))
	}
	return list
}

// cause is the cause of one run and its first evidence.
func (x *explainer) cause(row *experiments.Row, s experiments.Setting) (store.Cause, error) {
	c := stated(row)
	if x.a == nil || obvious(s) {
		return c, nil
	}
	e, err := x.end(row, s)
	if err != nil {
		return c, err
	}
	c.Text = e.Cause
	if len(e.Evidence) > 0 {
		c.Line = strings.Join(e.Evidence[:min(2, len(e.Evidence))], "; ")
	}
	return c, nil
}

// obvious says whether a run need not be executed to know its cause: nothing
// was to repair anything.
func obvious(s experiments.Setting) bool { return len(s.Steps) == 0 }

// rank counts causes by setting and fault type, in the order of first runs.
func rank(refs []store.FailedRun, known map[string]store.Cause) *Causes {
	var list Causes
	for _, r := range refs {
		i := slices.IndexFunc(list.Groups, func(g CauseGroup) bool { return g.Setting == r.Setting && g.Fault == r.Fault })
		if i < 0 {
			i = len(list.Groups)
			list.Groups = append(list.Groups, CauseGroup{Setting: r.Setting, Fault: r.Fault})
		}
		g, c := &list.Groups[i], known[r.Key()]
		g.Runs++
		cause, left := essence(c.Text)
		k := slices.IndexFunc(g.Causes, func(x CauseRank) bool { return x.Cause == cause })
		if k < 0 {
			k = len(g.Causes)
			g.Causes = append(g.Causes, CauseRank{Cause: cause, Example: fmt.Sprintf("%s/%d", r.Setting, r.Index), Line: c.Line})
		}
		g.Causes[k].Runs++
		g.Causes[k].left.add(left)
	}
	for i := range list.Groups {
		g := &list.Groups[i]
		for k := range g.Causes {
			g.Causes[k].Share = float64(g.Causes[k].Runs) / float64(g.Runs)
			g.Causes[k].Cause += g.Causes[k].left.text(g.Causes[k].Runs)
		}
		slices.SortStableFunc(g.Causes, func(a, b CauseRank) int { return b.Runs - a.Runs })
	}
	return &list
}
