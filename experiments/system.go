package experiments

import (
	"crypto/sha256"
	"encoding/hex"

	"resvirt/faults"
	"resvirt/sim"
)

// System is a configuration that can be booted: a machine, the images on it and
// how to read what it does. The campaign code knows nothing else of them.
type System interface {
	// Boot returns a machine with everything loaded, before its first instruction.
	Boot() (faults.Machine, error)
	// Fork returns another machine in the state of a snapshot.
	Fork(faults.Snapshot) faults.Machine
	Target() *faults.Target
	// Steps are the target's recovery steps in the order of the policy word's bits.
	Steps() []string
	// Started tells from the console whether all VMs began their workload.
	Started(serial []byte) bool
	// Measured tells from the console whether the part of a run in which faults
	// may strike is over. It may be false up to the end.
	Measured(serial []byte) bool
	// Facts reads the counters by which a golden run is judged.
	Facts(faults.Machine) Counters
	// Margin is how far processors' clocks can differ.
	Margin() sim.Time
	// Identity lists, one fact a line, all that a run's course depends on.
	Identity() []string
	// Parts are the images and sources that a replay needs.
	Parts() []Part
	// Semantics is the version of the machine's behaviour.
	Semantics() string
}

// Pulsed is a machine that reports its progress while it runs.
type Pulsed interface {
	faults.Machine
	// Pulse has f called every so many instructions, which does not change the run;
	// nil ends that.
	Pulse(f func())
}

// Inspector is a System that can look into its target.
type Inspector interface {
	// Oddities says what is odd about the target's state, a line each.
	Oddities(faults.Machine) []string
}

// OutputChecker is a System that knows what its VMs have to print.
type OutputChecker interface {
	// CheckOutput says what is missing in the output of a golden run that
	// judging needs.
	CheckOutput(serial []byte) error
}

// Part is something that the database keeps so that rows can be replayed.
type Part struct {
	Kind   string // "image" or "source"
	Name   string
	Digest string
	Data   []byte
}

// Counters are read from the machine and from the VMM's statistics.
type Counters struct {
	Target uint64       `json:"ring0"` // instructions of the target; the name is of the time when that was level 0
	CPUs   []CPUCounter `json:"cpus"`
}

// CPUCounter belongs to one processor.
type CPUCounter struct {
	Ticks    uint64 `json:"ticks"`
	Switches uint64 `json:"switches"`
	Periods  uint64 `json:"periods"` // of hang detection

	Hypercalls uint64 `json:"-"`
}

// Minus is the difference of two readings.
func (c Counters) Minus(o Counters) Counters {
	d := Counters{Target: c.Target - o.Target}
	for i := range c.CPUs {
		d.CPUs = append(d.CPUs, CPUCounter{
			c.CPUs[i].Ticks - o.CPUs[i].Ticks,
			c.CPUs[i].Switches - o.CPUs[i].Switches,
			c.CPUs[i].Periods - o.CPUs[i].Periods,
			c.CPUs[i].Hypercalls - o.CPUs[i].Hypercalls,
		})
	}
	return d
}

// Sum is the SHA-256 of a part, in hexadecimal.
func Sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
