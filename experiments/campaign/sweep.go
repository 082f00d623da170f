package campaign

import (
	"context"
	"fmt"

	"github.com/pelletier/go-toml/v2"

	"resvirt/experiments"
)

// RunSweep runs the missing part of each campaign of a sweep, in the order of
// the values, and sums up the results. o.Path is the beginning of the
// databases' names. o.Text is not used, because each member has a text of its
// own.
func RunSweep(ctx context.Context, e experiments.Experiment, build func(experiments.Experiment, func(string)) (experiments.System, error), o Options) (Result, error) {
	var all Result
	p := e.Varied()
	for _, v := range p.Values {
		m := e.Member(v)
		if err := m.Validate(); err != nil {
			return all, experiments.FileError{Err: fmt.Errorf("%s: with sweep.%s %d: %w", e.Name, p.Key, v, err)}
		}
		text, err := toml.Marshal(m)
		if err != nil {
			return all, fmt.Errorf("BUG: experiment %s has no text: %w", m.Name, err)
		}
		say := func(what string) { o.Stage(fmt.Sprintf("%s %d %s: %s", p.Name, v, p.Suffix, what)) }
		sys, err := build(m, say)
		if err != nil {
			return all, err
		}
		of := o
		of.Text, of.Path, of.Stage = text, e.MemberPath(o.Path, v), say
		res, err := Run(ctx, m, sys, of)
		all.Done, all.Total, all.Session = all.Done+res.Done, all.Total+res.Total, all.Session+res.Session
		all.ToolErrors, all.Elapsed, all.Workers = all.ToolErrors+res.ToolErrors, all.Elapsed+res.Elapsed, max(all.Workers, res.Workers)
		all.Interrupted = res.Interrupted
		if err != nil || res.Interrupted {
			return all, err
		}
	}
	return all, nil
}
