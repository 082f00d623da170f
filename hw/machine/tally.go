package machine

import "resvirt/models"

// Classes counts what processors execute by class: instructions, and events
// inside them, from CountClasses on.
type Classes = [models.NumClasses]uint64

// CountClasses begins to count. It costs a little speed and changes nothing else.
func (m *Machine) CountClasses() {
	for _, c := range m.cpus {
		c.CountClasses()
	}
}

// Classes returns the counts of all processors together.
func (m *Machine) Classes() (sum Classes) {
	for _, c := range m.cpus {
		for i, n := range c.Classes() {
			sum[i] += n
		}
	}
	return sum
}
