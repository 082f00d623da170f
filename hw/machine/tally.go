package machine

import (
	"resvirt/hw/cpu"
	"resvirt/models"
)

// Classes holds a count for each class: of instructions that processors have
// executed, and of events inside them, since CountClasses.
type Classes = [models.NumClasses]uint64

// CountClasses begins to count. It costs a little speed and changes nothing else.
func (m *Machine) CountClasses() {
	m.tally = cpu.NewTally()
	for _, c := range m.cpus {
		c.CountClasses(m.tally)
	}
}

// Classes returns the counts of all processors together; all 0 without CountClasses.
func (m *Machine) Classes() (counts Classes) {
	if m.tally == nil {
		return counts
	}
	return m.tally.Classes()
}
