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
	MemoryMB   []int `toml:"memory_mb"`   // the first one is machine.memory_mb
}

// Sweeps tells whether the experiment is run with several values.
func (e *Experiment) Sweeps() bool { return len(e.sweep().values) > 0 }

// parameter is what a sweep varies.
type parameter struct {
	name, key string // for people; in the file
	suffix    string // of values, in names
	base      int    // the experiment's own value
	top       int
	values    []int
}

// sweep is the parameter that the experiment varies, without values if none.
func (e *Experiment) sweep() parameter {
	if len(e.Sweep.MemoryMB) > 0 {
		return parameter{"memory", "memory_mb", "mb", e.Machine.MemoryMB, 65536, e.Sweep.MemoryMB}
	}
	return parameter{"watchdog period", "watchdog_us", "us", e.VMM.WatchdogUS, 1_000_000, e.Sweep.WatchdogUS}
}

func (s *Sweep) validate(e *Experiment) error {
	if len(s.WatchdogUS) > 0 && len(s.MemoryMB) > 0 {
		return fmt.Errorf("sweep.watchdog_us and sweep.memory_mb: a sweep varies one of them")
	}
	p := e.sweep()
	if len(p.values) < 2 || p.values[0] != p.base {
		return fmt.Errorf("sweep.%s = %v: it must be the experiment's own %s = %d, for which the deadline is given, and then what that is compared with", p.key, p.values, p.key, p.base)
	}
	for i, v := range p.values {
		if v < 1 || v > p.top {
			return fmt.Errorf("sweep.%s: %d: it must lie between 1 and %d", p.key, v, p.top)
		}
		if slices.Contains(p.values[:i], v) {
			return fmt.Errorf("sweep.%s: %d stands there twice", p.key, v)
		}
	}
	return nil
}

// member is the experiment with one value. What detection may take grows with
// the watchdog period; what recovery may take has nothing to do with it.
func (e *Experiment) member(value int) Experiment {
	m := *e
	p := e.sweep()
	m.Name = fmt.Sprintf("%s-%d%s", e.Name, value, p.suffix)
	m.Sweep = Sweep{}
	if p.key == "memory_mb" {
		m.Machine.MemoryMB = value
		return m
	}
	m.VMM.WatchdogUS = value
	m.Deadline.DetectionUS = int(int64(e.Deadline.DetectionUS) * int64(value) / int64(e.VMM.WatchdogUS))
	return m
}

// memberPath is the database of a member, where path is that of the sweep.
func (e *Experiment) memberPath(path string, value int) string {
	return fmt.Sprintf("%s-%d%s.db", strings.TrimSuffix(path, ".db"), value, e.sweep().suffix)
}

// SweepFiles names the databases of a sweep for people.
func (e *Experiment) SweepFiles(path string) string {
	return e.memberPath(path, e.sweep().values[0]) + " and so on"
}

// RunSweep runs what is missing of each campaign of a sweep, the first value
// first, and says how all of it ended. o.Path is what the databases' names
// begin with, o.Text is not used: a member's text says what it is by itself.
func RunSweep(ctx context.Context, e Experiment, build func(Experiment, func(string)) (System, error), o Options) (Result, error) {
	var all Result
	p := e.sweep()
	for _, v := range p.values {
		m := e.member(v)
		if err := m.Validate(); err != nil {
			return all, FileError{fmt.Errorf("%s: with sweep.%s %d: %w", e.Name, p.key, v, err)}
		}
		text, err := toml.Marshal(m)
		if err != nil {
			return all, fmt.Errorf("BUG: experiment %s has no text: %w", m.Name, err)
		}
		say := func(what string) { o.Stage(fmt.Sprintf("%s %d %s: %s", p.name, v, p.suffix, what)) }
		sys, err := build(m, say)
		if err != nil {
			return all, err
		}
		of := o
		of.Text, of.Path, of.Stage = text, e.memberPath(o.Path, v), say
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
