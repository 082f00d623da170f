package campaign

import (
	"context"
	"fmt"
	"iter"

	"resvirt/experiments"
	"resvirt/experiments/store"
	"resvirt/faults"
)

// mostRuns bounds the runs of a campaign.
const mostRuns = experiments.MostRuns

// bounded refuses a campaign with more than mostRuns runs.
func bounded(e *experiments.Experiment, runs int) error {
	types, settings := len(e.Faults.Types), len(e.Settings)
	if runs <= mostRuns/(types*settings) {
		return nil
	}
	return experiments.FileError{Err: fmt.Errorf("%s: %d faults of each of %d types under %d settings are more than the %d runs that a campaign can have: runs, or --runs, may be at most %d",
		e.Name, runs, types, settings, mostRuns, mostRuns/(types*settings))}
}

// Refuse says what Run or RunSweep would refuse, as far as that can be told without a
// system: to build one takes time. Without a path it is the plan alone.
func Refuse(e experiments.Experiment, o Options) error {
	if o.Runs == 0 {
		o.Runs = e.Runs
	}
	for _, v := range e.Varied().Values {
		m, of := e.Member(v), o
		of.Path = e.MemberPath(o.Path, v)
		if err := Refuse(m, of); err != nil {
			return err
		}
	}
	if e.Sweeps() {
		return nil
	}
	if _, err := planned(&e, o); err != nil {
		return err
	}
	if o.Path == "" {
		return nil
	}
	return store.Refuse(o.Path)
}

// planned is the plan of a campaign before it is known which rows there are.
func planned(e *experiments.Experiment, o Options) (plan, error) {
	if err := bounded(e, o.Runs); err != nil {
		return plan{}, err
	}
	p := plan{n: o.Runs * len(e.Faults.Types), settings: e.Settings}
	return p, p.only(e, o.Only)
}

// plan is the work of a campaign: its first n faults, or one, under each of the settings,
// except those whose rows exist. A fault is a function of the campaign and its index, so
// that there is no list of them.
type plan struct {
	first, n int // faults from first on, less than n
	settings []experiments.Setting
	done     []store.Indexes // of each setting, of these faults
}

func (p *plan) total() int { return (p.n - p.first) * len(p.settings) }

// only restricts the plan to one fault; nil means all.
func (p *plan) only(e *experiments.Experiment, index *int) error {
	if index == nil {
		return nil
	}
	if *index >= p.n {
		return experiments.FileError{Err: fmt.Errorf("%s has %d faults, 0 to %d: there is no fault %d; --runs N, the number of each type, makes it more", e.Name, p.n, p.n-1, *index)}
	}
	p.first, p.n = *index, *index+1
	return nil
}

// read finds out which rows exist. That takes long if there are many.
func (p *plan) read(ctx context.Context, db *store.DB, c *store.Campaign, t Teller) (Progress, error) {
	now := Progress{Total: p.total()}
	old, ok, err := db.Head()
	if err != nil {
		return now, err
	}
	if ok && old.Digest != c.Digest {
		return now, db.Admit(c, p.settings, nil) // the error says what differs
	}
	if err := db.AdmitSettings(p.settings); err != nil {
		return now, err
	}
	rows := 0
	if now.Settings, rows, err = counted(db, p.settings); err != nil {
		return now, err
	}
	meter := t.Begin("", "rows checked", 0, rows)
	if err := db.WholeRuns(func() error { meter.Add(1); return ctx.Err() }); err != nil {
		return now, err
	}
	for _, s := range p.settings {
		done, err := db.Done(s.Name, p.n)
		if err != nil {
			return now, err
		}
		done = done.From(p.first)
		p.done = append(p.done, done)
		now.Done += done.Count()
	}
	return now, nil
}

// counted counts the rows of each setting, for the progress, and all rows.
func counted(db *store.DB, settings []experiments.Setting) (list []SettingProgress, rows int, err error) {
	cells, err := db.Counts()
	if err != nil {
		return nil, 0, err
	}
	for _, n := range cells {
		rows += n
	}
	for _, s := range settings {
		sp := SettingProgress{Name: s.Name}
		for k, n := range cells {
			if o, err := faults.ParseOutcome(k.Outcome); err == nil && k.Setting == s.Name && o.Detected() {
				sp.Detected += n
				if o == faults.Recovered {
					sp.Recovered += n
				}
			}
		}
		list = append(list, sp)
	}
	return list, rows, nil
}

// unitOf is one fault under the settings that it still has to be run with.
type unitOf struct {
	index    int
	settings []experiments.Setting
}

// units are the faults that are left to do, in order. It passes over ranges of
// faults that are done without visiting each.
func (p *plan) units() iter.Seq[unitOf] {
	return func(yield func(unitOf) bool) {
		ahead := append([]store.Indexes(nil), p.done...) // ranges that do not end before i
		for i := p.first; i < p.n; {
			u, next := unitOf{index: i}, p.n // next is where another set of settings begins
			for k := range ahead {
				if len(ahead[k]) > 0 && ahead[k][0].To <= i {
					ahead[k] = ahead[k][1:]
				}
				switch {
				case len(ahead[k]) == 0:
				case ahead[k][0].From > i:
					next = min(next, ahead[k][0].From)
				default:
					next = min(next, ahead[k][0].To)
					continue
				}
				u.settings = append(u.settings, p.settings[k])
			}
			if len(u.settings) == 0 {
				i = next
			}
			for ; i < next; i++ {
				if !yield(unitOf{i, u.settings}) {
					return
				}
			}
		}
	}
}
