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
	if (o.CampaignTickUS == 0) != (o.CampaignWatchdogUS == 0) || !clockPeriod(o.CampaignTickUS) || !clockPeriod(o.CampaignWatchdogUS) {
		return fmt.Errorf("overhead.campaign_tick_us = %d, overhead.campaign_watchdog_us = %d: give both or none, each between 1 and 1000000", o.CampaignTickUS, o.CampaignWatchdogUS)
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

// Layouts are distributed evenly over as many pages as the TLB has places.
const (
	maxLayouts  = 64
	layoutPages = 512
)

func clockPeriod(us int) bool { return us >= 0 && us <= 1_000_000 }

// OverheadLoad is a load under which the VMM is measured.
type OverheadLoad struct {
	Compute  int
	Campaign bool // with the clock of campaigns, and the guests' own time slices
}

// Loads are all loads of the experiment.
func (o *Overhead) Loads() (list []OverheadLoad) {
	if o.CampaignTickUS > 0 {
		list = append(list, OverheadLoad{0, true})
	}
	for _, c := range o.Compute {
		list = append(list, OverheadLoad{c, false})
	}
	return list
}

func (l OverheadLoad) String() string {
	if l.Campaign {
		return "the clock of campaigns"
	}
	return fmt.Sprintf("compute %d", l.Compute)
}

// Variant is the experiment of one run.
func (e *Experiment) Variant(load OverheadLoad, name string, layout int) Experiment {
	v := *e
	v.Workload.Compute = load.Compute
	if load.Campaign {
		v.VMM.TickUS, v.VMM.WatchdogUS, v.Workload.QuantumUS = e.Overhead.CampaignTickUS, e.Overhead.CampaignWatchdogUS, 0
	}
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

// Spacer is the number of pages that the loader leaves unused before the memory
// from which the VMM allocates.
func (v *VMM) Spacer() int { return v.spacer }
