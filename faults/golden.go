package faults

import (
	"sort"

	"resvirt/sim"
)

// Golden holds the data of the fault-free run of a configuration with which
// faulty runs are compared.
type Golden struct {
	Span               Span // of the measured workload
	Position, End      uint64
	Deadline           sim.Time // end + bound of detection + allowance for recovery
	Policy             uint64   // the policy word that the golden run carried and never read
	Output             []byte
	Code               uint32
	Digest             sim.Digest   // of the end state
	Checkpoints        []Checkpoint // ascending, all within the measured workload
	MaxConvergenceMiss int          // see Observe
	Exhaustive         bool         // follow every run to its own end; selfcheck shows that nothing changes
}

// Checkpoint is a golden state at a position.
type Checkpoint struct {
	Position uint64
	Time     sim.Time
	Digest   sim.Digest
	State    Snapshot // nil at checkpoints that serve comparison only
}

// Before returns the last snapshot from which a run to time t is the golden
// run to time t. The processors' clocks differ by up to a quantum, so the
// snapshot lies at least margin before t.
func (g *Golden) Before(t, margin sim.Time) *Checkpoint {
	best := 0
	for i := range g.Checkpoints {
		c := &g.Checkpoints[i]
		if c.State != nil && c.Time+margin <= t {
			best = i
		}
	}
	return &g.Checkpoints[best]
}

// from is the first checkpoint at a position or after it.
func (g *Golden) from(position uint64) int {
	return sort.Search(len(g.Checkpoints), func(i int) bool { return g.Checkpoints[i].Position >= position })
}

// sameAs tells whether m is in the golden state of checkpoint c but for the
// policy word, which a golden run never reads and a setting replaces. The
// golden word is written for the comparison and the setting's afterwards,
// unless the fault has changed the word: then the run has not converged.
func sameAs(m Machine, g *Golden, c *Checkpoint, policy uint64) bool {
	if m.Policy() != policy {
		return false
	}
	if policy == g.Policy {
		return m.Digest() == c.Digest
	}
	m.SetPolicy(g.Policy)
	same := m.Digest() == c.Digest
	m.SetPolicy(policy)
	return same
}
