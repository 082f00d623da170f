package campaign

import (
	"context"
	"fmt"
	"iter"
	"time"

	"resvirt/experiments"
	"resvirt/experiments/store"
	"resvirt/faults"
)

// Options are what the command line adds to an experiment.
type Options struct {
	Path     string // of the database
	Runs     int    // faults of each cell; 0 = as the experiment says
	Only     *int   // the only fault to run, by its index; nil = all
	Workers  int    // 0 = as many as fit
	Command  string // for the record
	Text     []byte // the experiment file
	Stage    func(what string)
	Progress func(Progress)
}

// Result says how a run ended.
type Result struct {
	Done, Total int  // rows there are, rows there should be
	Session     int  // rows of this command
	ToolErrors  int  // rows of this command that show defects of the tool
	Interrupted bool // ctx ended before all was done
	Workers     int
	Elapsed     time.Duration
}

// Run runs the missing part of a campaign.
func Run(ctx context.Context, e experiments.Experiment, sys experiments.System, o Options) (Result, error) {
	if o.Runs == 0 {
		o.Runs = e.Runs
	}
	if err := experiments.CheckSteps(e.Settings, sys.Steps()); err != nil {
		return Result{}, err
	}
	e.Settings = experiments.InOrder(e.Settings, sys.Steps())
	todo, err := planned(&e, o)
	if err != nil {
		return Result{}, err
	}
	res := Result{Total: todo.total()}
	t := Teller{o.Stage, o.Progress}
	db, err := store.Open(o.Path)
	if err != nil {
		return res, err
	}
	defer db.Close()
	id := Identity(&e, sys)
	c := store.Campaign{Digest: Digest(id), Experiment: e.Name, File: o.Text, Seed: e.Seed, Identity: id, Semantics: sys.Semantics()}
	// Before spending time on the golden run, refuse a database of another
	// campaign, and see whether everything is done.
	p, err := todo.read(ctx, db, &c, t)
	if err != nil {
		return res, err
	}
	if p.Done == p.Total {
		res.Done = p.Done
		return res, db.Plan(e.Settings, o.Runs, o.Only != nil)
	}
	l, err := admitted(ctx, e, sys, db, &c, t)
	if err != nil {
		return res, err
	}
	if err := db.Plan(e.Settings, o.Runs, o.Only != nil); err != nil {
		return res, err
	}
	res.Workers = min(o.Workers, mostWorkers())
	if res.Workers == 0 {
		res.Workers = WorkersFor(e.Machine.MemoryMB)
	}
	restore := 0.0
	err = While(ctx, func() error { restore = restoreTime(l); return nil })
	if err != nil {
		return res, err
	}
	s, err := db.Begin(res.Workers, o.Command, l.Golden.Speed, restore)
	if err != nil {
		return res, err
	}
	err = l.campaignRun(ctx, db, todo.units(), p, o.Progress, &res)
	if e := s.End(res.Session, res.Elapsed); err == nil {
		err = e
	}
	res.Interrupted = ctx.Err() != nil && res.Done < res.Total
	return res, err
}

// admitted executes the golden run and notes the campaign with its facts in the database.
func admitted(ctx context.Context, e experiments.Experiment, sys experiments.System, db *store.DB, c *store.Campaign, t Teller) (*Lab, error) {
	old, _, err := db.Head()
	if err != nil {
		return nil, err
	}
	l, err := NewToldLab(ctx, e, sys, old.Golden, t)
	if err != nil {
		return nil, err
	}
	c.Golden, c.GoldenDigest = l.Golden.Facts, l.Golden.Digest.String()
	if c.Golden.Oracle, err = experiments.SensitivityOf(sys); err != nil {
		return nil, err
	}
	if err := db.Admit(c, e.Settings, sys); err != nil {
		return nil, err
	}
	return l, checkGolden(db, c)
}

// checkGolden makes sure that rows of several commands share one golden run.
func checkGolden(db *store.DB, c *store.Campaign) error {
	old, err := db.Campaign()
	if err != nil {
		return err
	}
	if old.GoldenDigest != c.GoldenDigest {
		return fmt.Errorf("BUG: the golden run ends in state %s, the one in %s ended in %s, though nothing that it depends on has changed", c.GoldenDigest, db.Path(), old.GoldenDigest)
	}
	return nil
}

// campaignRun runs units and writes their rows.
func (l *Lab) campaignRun(ctx context.Context, db *store.DB, units iter.Seq[unitOf], p Progress, report func(Progress), res *Result) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rows := make(chan []experiments.Row, 64)
	begin := time.Now()
	report(p)
	go l.each(ctx, res.Workers, units, rows)
	err := db.Write(ctx, rows, func(batch []experiments.Row) {
		for i := range batch {
			p.add(&batch[i])
			if batch[i].Outcome == faults.ToolError {
				res.ToolErrors++
			}
		}
		p.Elapsed = time.Since(begin)
		report(p)
	})
	res.Done, res.Session, res.Elapsed = p.Done, p.Session, time.Since(begin)
	return err
}

// restoreTime measures how long restoring a snapshot takes, in microseconds,
// after a tenth of the golden run has dirtied its pages.
func restoreTime(l *Lab) float64 {
	first := &l.Golden.Checkpoints[0]
	m := l.System.Fork(first.State)
	const n = 5
	var total time.Duration
	for range n {
		m.Run(faults.Until{Position: first.Position + l.Golden.Facts.Instructions/10})
		t := time.Now()
		m.Restore(first.State)
		total += time.Since(t)
	}
	return float64(total.Nanoseconds()) / 1000 / n
}
