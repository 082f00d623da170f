package experiments

import (
	"fmt"
	"slices"
	"strings"
)

// Measures tells whether the experiment measures overhead instead of injecting faults.
func (e *Experiment) Measures() bool { return len(e.Overhead.Compute) > 0 }

func (o *Overhead) validate(e *Experiment) error {
	for i, c := range o.Compute {
		if c < 0 || c > 1_000_000 {
			return fmt.Errorf("overhead.compute: %d: it must lie between 0 and 1000000", c)
		}
		if slices.Contains(o.Compute[:i], c) {
			return fmt.Errorf("overhead.compute: %d stands there twice", c)
		}
	}
	if len(o.Variants) < 2 || o.Variants[0] != WithAll {
		return fmt.Errorf("overhead.variants = %q: it must be %q and then what that is compared with: %q, or the mechanism left out, of %s",
			o.Variants, WithAll, WithNone, strings.Join(mechanismNames(), ", "))
	}
	if o.Layouts < 1 || o.Layouts > maxLayouts {
		return fmt.Errorf("overhead.layouts: %d: it must lie between 1 and %d", o.Layouts, maxLayouts)
	}
	var without []string
	for i, v := range o.Variants[1:] {
		if v != WithNone {
			without = append(without, v)
		} else if slices.Contains(o.Variants[1:1+i], v) {
			return fmt.Errorf("overhead.variants: %q stands there twice", v)
		}
	}
	if len(e.Settings) > 0 || len(e.VMM.Without) > 0 || e.Sweeps() {
		return fmt.Errorf("overhead: an experiment that measures overhead has no [[setting]], vmm.without or [sweep]")
	}
	if e.VMM.Domains != e.Machine.CPUs {
		return fmt.Errorf("overhead: vmm.domains = %d: it must be machine.cpus = %d, so that every processor is busy", e.VMM.Domains, e.Machine.CPUs)
	}
	return validateWithout("overhead.variants", without)
}

// Layouts lie evenly in as many pages as the TLB has places.
const (
	maxLayouts  = 64
	layoutPages = 512
)

// Variant is the experiment of one run.
func (e *Experiment) Variant(compute int, name string, layout int) Experiment {
	v := *e
	v.Workload.Compute = compute
	v.VMM.spacer = layout * layoutPages / e.Overhead.Layouts
	switch name {
	case WithAll:
	case WithNone:
		v.VMM.Without = mechanismNames()
	default:
		v.VMM.Without = []string{name}
	}
	return v
}

// Spacer is how many pages the loader puts before what the VMM allocates from.
func (v *VMM) Spacer() int { return v.spacer }
