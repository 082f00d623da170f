package experiments

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"resvirt/faults"
)

// causesVersion is counted up when causes are found or named in another way, so
// that databases do not mix two kinds.
const causesVersion = "1"

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
}

// CauseFilter selects runs; an empty field selects all.
type CauseFilter struct{ Setting, Fault string }

// causeOf is the cause of one run.
type causeOf struct {
	setting     string
	index       int
	cause, line string
}

// Causes finds the cause of every failed run, executing those that no earlier
// call has explained, and ranks them. say is told what takes time.
func (db *DB) Causes(ctx context.Context, open func(Experiment, []Part) (System, error), f CauseFilter, say func(string)) (*Causes, error) {
	if err := db.checkFilter(f); err != nil {
		return nil, err
	}
	refs, err := db.failed(f)
	if err != nil {
		return nil, err
	}
	known, err := db.knownCauses()
	if err != nil {
		return nil, err
	}
	var todo []failedRun
	for _, r := range refs {
		if _, ok := known[r.key()]; !ok {
			todo = append(todo, r)
		}
	}
	if len(todo) > 0 {
		found, err := db.findCauses(ctx, open, todo, say)
		if err != nil {
			return nil, err
		}
		for i, r := range todo {
			known[r.key()] = found[i]
		}
		if err := db.keepCauses(found); err != nil {
			return nil, err
		}
	}
	return rank(refs, known), nil
}

func (db *DB) checkFilter(f CauseFilter) error {
	if f.Setting != "" {
		if _, err := db.setting(f.Setting); err != nil {
			return FileError{err}
		}
	}
	if f.Fault != "" {
		if _, err := faults.ParseKind(f.Fault); err != nil {
			return FileError{err}
		}
	}
	return nil
}

// findCauses explains runs on all cores; the results are in the runs' order.
func (db *DB) findCauses(ctx context.Context, open func(Experiment, []Part) (System, error), todo []failedRun, say func(string)) ([]causeOf, error) {
	rows := make([]*Row, len(todo))
	for i, r := range todo {
		var err error
		if rows[i], err = db.Row(r.setting, r.index); err != nil {
			return nil, err
		}
	}
	settings := make([]Setting, len(todo))
	execute := 0
	for i, r := range todo {
		var err error
		if settings[i], err = db.setting(r.setting); err != nil {
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
	l, parts, err := db.lab(open)
	if err != nil {
		return nil, err
	}
	a, err := anatomyOf(l.sys)
	if err != nil && err != errNoAnatomy {
		return nil, err
	}
	if a != nil {
		say(fmt.Sprintf("executing %s again", plural(execute, "failed run")))
	}
	texts := sources(parts)
	calls := &goldenCalls{}
	workers := workersFor(l.exp.Machine.MemoryMB)
	free := make(chan *explainer, workers)
	for range workers {
		free <- &explainer{worker: worker{Lab: l}, a: a, sources: texts, calls: calls}
	}
	found := make([]causeOf, len(todo))
	err = forEach(workers, len(todo), func(i int) error {
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
func stated(row *Row) causeOf {
	c := causeOf{setting: row.Setting, index: row.Index, cause: row.Cause, line: outcomeText(row)}
	if c.cause == "" {
		c.cause = notDetected(row)
	}
	return c
}

func obviousCauses(rows []*Row) []causeOf {
	var list []causeOf
	for _, r := range rows {
		list = append(list, stated(r))
	}
	return list
}

// cause is the cause of one run and its first evidence.
func (x *explainer) cause(row *Row, s Setting) (causeOf, error) {
	c := stated(row)
	if x.a == nil || obvious(s) {
		return c, nil
	}
	e, err := x.end(row, s)
	if err != nil {
		return c, err
	}
	c.cause = e.Cause
	if len(e.Evidence) > 0 {
		c.line = strings.Join(e.Evidence[:min(2, len(e.Evidence))], "; ")
	}
	return c, nil
}

// obvious says whether a run need not be executed to know its cause: nothing
// was to repair anything.
func obvious(s Setting) bool { return len(s.Steps) == 0 }

// rank counts causes by setting and fault type, in the order of first runs.
func rank(refs []failedRun, known map[string]causeOf) *Causes {
	var list Causes
	for _, r := range refs {
		i := slices.IndexFunc(list.Groups, func(g CauseGroup) bool { return g.Setting == r.setting && g.Fault == r.fault })
		if i < 0 {
			i = len(list.Groups)
			list.Groups = append(list.Groups, CauseGroup{Setting: r.setting, Fault: r.fault})
		}
		g, c := &list.Groups[i], known[r.key()]
		g.Runs++
		k := slices.IndexFunc(g.Causes, func(x CauseRank) bool { return x.Cause == c.cause })
		if k < 0 {
			k = len(g.Causes)
			g.Causes = append(g.Causes, CauseRank{Cause: c.cause, Example: fmt.Sprintf("%s/%d", r.setting, r.index), Line: c.line})
		}
		g.Causes[k].Runs++
	}
	for i := range list.Groups {
		g := &list.Groups[i]
		for k := range g.Causes {
			g.Causes[k].Share = float64(g.Causes[k].Runs) / float64(g.Runs)
		}
		slices.SortStableFunc(g.Causes, func(a, b CauseRank) int { return b.Runs - a.Runs })
	}
	return &list
}
