package campaign

import (
	"fmt"

	"resvirt/experiments"
	"resvirt/faults"
)

// GoldenWork repeats golden runs, for measurements.
type GoldenWork struct {
	m     faults.Machine
	sys   experiments.System
	start faults.Snapshot
}

// NewGoldenWork boots a system to the start of its workload.
func NewGoldenWork(sys experiments.System) (*GoldenWork, error) {
	m, err := sys.Boot()
	if err != nil {
		return nil, err
	}
	if err := Boot(m, sys); err != nil {
		return nil, err
	}
	return &GoldenWork{m, sys, m.Snapshot()}, nil
}

// Run runs the workload to its end and returns the instructions and hypercalls
// of the run.
func (g *GoldenWork) Run() (instructions, hypercalls uint64, err error) {
	g.m.Restore(g.start)
	position, before := g.m.Position(), g.sys.Facts(g.m)
	if stop := g.m.Run(faults.Until{Time: g.m.Now() + RunLimit}); stop.Reason != faults.Exited {
		return 0, 0, fmt.Errorf("the golden run ended early: %s", Describe(stop))
	}
	for _, c := range g.sys.Facts(g.m).Minus(before).CPUs {
		hypercalls += c.Hypercalls
	}
	return g.m.Position() - position, hypercalls, nil
}
