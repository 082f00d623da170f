package experiments

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Sweep makes an experiment one that is run with each of several values of a
// parameter. The VMM's command line has the parameter, so every value has a
// golden run of its own, and a campaign in a database of its own, which
// `report`, `replay` and the others take as any other.
type Sweep struct {
	WatchdogUS []int `toml:"watchdog_us"` // the first one is vmm.watchdog_us
}

// Sweeps tells whether the experiment is run with several values.
func (e *Experiment) Sweeps() bool { return len(e.Sweep.WatchdogUS) > 0 }

func (s *Sweep) validate(e *Experiment) error {
	list := s.WatchdogUS
	if len(list) < 2 || list[0] != e.VMM.WatchdogUS {
		return fmt.Errorf("sweep.watchdog_us = %v: it must be vmm.watchdog_us = %d, for which the deadline is given, and then what that is compared with", list, e.VMM.WatchdogUS)
	}
	for i, v := range list {
		if v < 1 || v > 1_000_000 {
			return fmt.Errorf("sweep.watchdog_us: %d: it must lie between 1 and 1000000", v)
		}
		if slices.Contains(list[:i], v) {
			return fmt.Errorf("sweep.watchdog_us: %d stands there twice", v)
		}
	}
	return nil
}

// member is the experiment with one watchdog period. What detection may take
// grows with it; what recovery may take has nothing to do with it.
func (e *Experiment) member(us int) Experiment {
	m := *e
	m.Name = fmt.Sprintf("%s-%dus", e.Name, us)
	m.Sweep = Sweep{}
	m.VMM.WatchdogUS = us
	m.Deadline.DetectionUS = int(int64(e.Deadline.DetectionUS) * int64(us) / int64(e.VMM.WatchdogUS))
	return m
}

// memberPath is the database of a member, where path is that of the sweep.
func memberPath(path string, us int) string {
	return fmt.Sprintf("%s-%dus.db", strings.TrimSuffix(path, ".db"), us)
}

// SweepFiles names the databases of a sweep for people.
func (e *Experiment) SweepFiles(path string) string {
	return memberPath(path, e.Sweep.WatchdogUS[0]) + " and so on"
}

// RunSweep runs what is missing of each campaign of a sweep, the first value
// first, and says how all of it ended. o.Path is what the databases' names
// begin with, o.Text is not used: a member's text says what it is by itself.
func RunSweep(ctx context.Context, e Experiment, build func(Experiment, func(string)) (System, error), o Options) (Result, error) {
	var all Result
	for _, us := range e.Sweep.WatchdogUS {
		m := e.member(us)
		if err := m.Validate(); err != nil {
			return all, FileError{fmt.Errorf("%s: with sweep.watchdog_us %d: %w", e.Name, us, err)}
		}
		text, err := toml.Marshal(m)
		if err != nil {
			return all, fmt.Errorf("BUG: experiment %s has no text: %w", m.Name, err)
		}
		say := func(what string) { o.Stage(fmt.Sprintf("watchdog period %d us: %s", us, what)) }
		sys, err := build(m, say)
		if err != nil {
			return all, err
		}
		of := o
		of.Text, of.Path, of.Stage = text, memberPath(o.Path, us), say
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
