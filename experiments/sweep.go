package experiments

import (
	"fmt"
	"slices"
	"strings"
)

// Sweep makes an experiment one that is run with each of several values of a
// parameter. The parameter is in the VMM's command line, so every value has a
// golden run of its own, and a campaign in a database of its own, which all
// commands accept.
type Sweep struct {
	WatchdogUS []int `toml:"watchdog_us"` // the first one is vmm.watchdog_us
	MemoryMB   []int `toml:"memory_mb"`   // the first one is machine.memory_mb
}

// Sweeps tells whether the experiment is run with several values.
func (e *Experiment) Sweeps() bool { return len(e.Varied().Values) > 0 }

// Parameter is what a sweep varies.
type Parameter struct {
	Name, Key string // for people; in the file
	Suffix    string // of values, in names
	base      int    // the experiment's own value
	top       int
	Values    []int
}

// Varied is the parameter that the experiment varies, without values if none.
func (e *Experiment) Varied() Parameter {
	if len(e.Sweep.MemoryMB) > 0 {
		return Parameter{"memory", "memory_mb", "mb", e.Machine.MemoryMB, 65536, e.Sweep.MemoryMB}
	}
	return Parameter{"watchdog period", "watchdog_us", "us", e.VMM.WatchdogUS, 1_000_000, e.Sweep.WatchdogUS}
}

func (s *Sweep) validate(e *Experiment) error {
	if len(s.WatchdogUS) > 0 && len(s.MemoryMB) > 0 {
		return fmt.Errorf("sweep.watchdog_us and sweep.memory_mb: a sweep varies one of them")
	}
	p := e.Varied()
	if len(p.Values) < 2 || p.Values[0] != p.base {
		return fmt.Errorf("sweep.%s = %v: it must be the experiment's own %s = %d, for which the deadline is given, and then what that is compared with", p.Key, p.Values, p.Key, p.base)
	}
	for i, v := range p.Values {
		if v < 1 || v > p.top {
			return fmt.Errorf("sweep.%s: %d: it must lie between 1 and %d", p.Key, v, p.top)
		}
		if slices.Contains(p.Values[:i], v) {
			return fmt.Errorf("sweep.%s: %d stands there twice", p.Key, v)
		}
	}
	return nil
}

// Member is the experiment with one value. The time allowed for detection grows
// with the watchdog period; the time allowed for recovery does not depend on
// it.
func (e *Experiment) Member(value int) Experiment {
	m := *e
	p := e.Varied()
	m.Name = fmt.Sprintf("%s-%d%s", e.Name, value, p.Suffix)
	m.Sweep = Sweep{}
	if p.Key == "memory_mb" {
		m.Machine.MemoryMB = value
		return m
	}
	m.VMM.WatchdogUS = value
	m.Deadline.DetectionUS = int(int64(e.Deadline.DetectionUS) * int64(value) / int64(e.VMM.WatchdogUS))
	return m
}

// MemberPath is the path of a member's database; path is that of the sweep.
func (e *Experiment) MemberPath(path string, value int) string {
	return fmt.Sprintf("%s-%d%s.db", strings.TrimSuffix(path, ".db"), value, e.Varied().Suffix)
}

// SweepFiles names the databases of a sweep for people.
func (e *Experiment) SweepFiles(path string) string {
	return e.MemberPath(path, e.Varied().Values[0]) + " and so on"
}
