package experiments

import (
	"fmt"
	"slices"
)

// Published is a figure from a paper, which the report prints beside ours. It
// has no other effect.
type Published struct {
	Setting string `toml:"setting" json:"setting"`
	Fault   string `toml:"fault" json:"fault"`
	// Percent of detected failures: by the paper's own rule of success, and with
	// no VM failed, which is the strict rule. One of both must be there.
	Success *float64 `toml:"success" json:"success"`
	NoVM    *float64 `toml:"no_vm" json:"no_vm"`
	// Interval is the confidence interval of the first of both, in points below
	// and above it.
	Interval []float64 `toml:"interval" json:"interval"`
	Source   string    `toml:"source" json:"source"`
}

// validatePublished checks the figures against what the experiment runs.
func (e *Experiment) validatePublished() error {
	for i, p := range e.Published {
		if err := e.checkPublished(&p); err != nil {
			return fmt.Errorf("published figure %d: %w", i+1, err)
		}
	}
	return nil
}

func (e *Experiment) checkPublished(p *Published) error {
	switch {
	case !slices.ContainsFunc(e.Settings, func(s Setting) bool { return s.Name == p.Setting }):
		return fmt.Errorf("setting = %q: there is no such [[setting]]", p.Setting)
	case !slices.Contains(e.Faults.Types, p.Fault):
		return fmt.Errorf("fault = %q: it is not among faults.types", p.Fault)
	case p.Success == nil && p.NoVM == nil:
		return fmt.Errorf("it has neither success nor no_vm: give at least one, in percent of detected failures")
	case p.Source == "":
		return fmt.Errorf("it has no source: name the paper and the table")
	}
	for _, v := range []*float64{p.Success, p.NoVM} {
		if v != nil && !(*v >= 0 && *v <= 100) {
			return fmt.Errorf("%v %%: it must lie between 0 and 100", *v)
		}
	}
	if n := len(p.Interval); n != 0 && (n != 2 || !(p.Interval[0] >= 0 && p.Interval[0] <= 100) || !(p.Interval[1] >= 0 && p.Interval[1] <= 100)) {
		return fmt.Errorf("interval = %v: it must be two numbers of points from 0 to 100, down and up, like [0.86, 0.55]", p.Interval)
	}
	return nil
}
