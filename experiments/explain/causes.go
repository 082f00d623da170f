package explain

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/recording"
	"resvirt/experiments/retrace"
	"resvirt/experiments/store"
	"resvirt/experiments/testbed"
)

// causesVersion is incremented when causes are found or named in another way,
// so that databases do not mix two kinds.
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

// CauseRank is a cause with the number of runs that share it.
type CauseRank struct {
	Cause   string  `json:"cause"`
	Runs    int     `json:"runs"`
	Share   float64 `json:"share"`   // of the group's failures
	Example string  `json:"example"` // the first run with it
	Line    string  `json:"line"`    // the example's first evidence

	left leftovers
}

// CausesOf finds the cause of every failed run, executing those that no earlier
// call has explained, and ranks them. Each is kept in the database as soon as it is
// found.
func CausesOf(ctx context.Context, db *store.DB, open recording.Open, f store.CauseFilter, t campaign.Teller) (*Causes, error) {
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
	h := &hunt{db: db, known: known}
	for _, r := range refs {
		if _, ok := known[r.Key()]; ok {
			continue
		}
		if err := h.want(r); err != nil {
			return nil, err
		}
	}
	if err := h.keep(h.stated...); err != nil {
		return nil, err
	}
	if len(h.rows) > 0 {
		if err := h.execute(ctx, open, len(refs), t); err != nil {
			return nil, err
		}
	}
	return rank(refs, known), nil
}

// hunt is the search for the causes that are not known yet.
type hunt struct {
	db     *store.DB
	mu     sync.Mutex
	known  map[string]store.Cause // by run
	stated []store.Cause          // to be kept
	// Runs that must be executed, and their settings.
	rows     []*experiments.Row
	settings []experiments.Setting
}

// want adds a run whose cause is not known.
func (h *hunt) want(r store.FailedRun) error {
	row, err := h.db.Row(r.Setting, r.Index)
	if err != nil {
		return err
	}
	s, err := h.db.Setting(r.Setting)
	if err != nil {
		return err
	}
	if obvious(s) {
		h.stated = append(h.stated, stated(row))
		return nil
	}
	h.rows, h.settings = append(h.rows, row), append(h.settings, s)
	return nil
}

// keep stores causes.
func (h *hunt) keep(list ...store.Cause) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range list {
		h.known[fmt.Sprintf("%s/%d", c.Setting, c.Index)] = c
	}
	return h.db.KeepCauses(causesVersion, list)
}

// execute explains on all cores the runs that must be executed, of so many that failed.
func (h *hunt) execute(ctx context.Context, open recording.Open, failed int, t campaign.Teller) error {
	kept, err := findingsIn(h.db)
	if err != nil {
		return err
	}
	l, parts, err := recording.LabOf(ctx, h.db, open, t)
	if err != nil {
		return err
	}
	a, err := testbed.AnatomyOf(l.System)
	if err != nil && err != testbed.ErrNoAnatomy {
		return err
	}
	what := ""
	if a != nil {
		what = fmt.Sprintf("executing %s again", plural(len(h.rows), "failed run"))
	}
	meter := t.Begin(what, CausesUnit, failed-len(h.rows), failed)
	workers := campaign.WorkersFor(l.Experiment.Machine.MemoryMB)
	free := make(chan *explainer, workers)
	calls := &goldenCalls{}
	for range workers {
		x := newExplainer(l, a, recording.SourcesOf(parts))
		x.calls, x.kept, x.teller = calls, kept, t
		free <- x
	}
	return campaign.ForEach(ctx, workers, len(h.rows), func(i int) error {
		x := <-free
		defer func() { free <- x }()
		c, err := x.cause(h.rows[i], h.settings[i])
		if err != nil {
			return err
		}
		if err := h.keep(c); err != nil {
			return err
		}
		meter.Add(1)
		return nil
	})
}

// CausesUnit is the unit in which the progress of a search for causes is told.
const CausesUnit = "causes"

// stated is the cause that the row itself states.
func stated(row *experiments.Row) store.Cause {
	c := store.Cause{Setting: row.Setting, Index: row.Index, Text: row.Cause.String(), Line: retrace.OutcomeText(row)}
	if c.Text == "" {
		c.Text = notDetected(row).String()
	}
	return c
}

// cause is the cause of one run and its first evidence.
func (x *explainer) cause(row *experiments.Row, s experiments.Setting) (store.Cause, error) {
	if x.a == nil || obvious(s) {
		return stated(row), nil
	}
	e, err := x.end(row, s)
	return ended(row, &e), err
}

// ended is the cause that the end of a run shows.
func ended(row *experiments.Row, e *End) store.Cause {
	c := stated(row)
	c.Text = e.Cause.String()
	if len(e.Evidence) > 0 {
		c.Line = e.Evidence[0].String()
		if len(e.Evidence) > 1 {
			c.Line += "; " + e.Evidence[1].String()
		}
	}
	return c
}

// obvious says whether the cause of a run is known without executing it,
// because its setting repairs nothing.
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
		whole := ParseCause(c.Text)
		cause := whole.essence().String()
		k := slices.IndexFunc(g.Causes, func(x CauseRank) bool { return x.Cause == cause })
		if k < 0 {
			k = len(g.Causes)
			g.Causes = append(g.Causes, CauseRank{Cause: cause, Example: fmt.Sprintf("%s/%d", r.Setting, r.Index), Line: c.Line})
		}
		g.Causes[k].Runs++
		g.Causes[k].left.add(whole.Left)
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
