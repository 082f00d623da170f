package experiments

import (
	"fmt"

	"resvirt/sim"
)

// Facts are what `report` prints of a golden run.
type Facts struct {
	BootInstructions uint64   `json:"boot_instructions"`
	Instructions     uint64   `json:"instructions"`
	Time             sim.Time `json:"time_ps"`
	Counters         Counters `json:"counters"`
	WindowTarget     uint64   `json:"window_ring0"` // instructions of the target while faults' times pass; 0 in old databases

	Oracle *Sensitivity `json:"oracle,omitempty"` // how much the judges notice; nil if nobody has measured it
}

// Lower bounds for a golden run in which the mechanisms matter
// (docs/definitions.md).
const (
	leastTicks    = 200
	leastSwitches = 50 // on each processor
	leastPeriods  = 3  // of hang detection, on each processor
	leastShare    = 10 // percent of instructions in the target
)

// Warnings names the quantities that are too small in a golden run.
func (f *Facts) Warnings() []string {
	var list []string
	ticks := uint64(0)
	for i, c := range f.Counters.CPUs {
		ticks += c.Ticks
		if c.Switches < leastSwitches {
			list = append(list, fmt.Sprintf("%d context switches on CPU %d, fewer than %d", c.Switches, i, leastSwitches))
		}
		if c.Periods < leastPeriods {
			list = append(list, fmt.Sprintf("%d hang-detection periods on CPU %d, fewer than %d", c.Periods, i, leastPeriods))
		}
	}
	if ticks < leastTicks {
		list = append(list, fmt.Sprintf("%d scheduler ticks, fewer than %d", ticks, leastTicks))
	}
	if f.Counters.Target*100 < f.Instructions*leastShare {
		list = append(list, fmt.Sprintf("less than %d %% of the instructions are the target's", leastShare))
	}
	return list
}
