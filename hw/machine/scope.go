package machine

import "resvirt/hw/cpu"

// scopeState is which instructions of a processor are in scope, and how many were. It is for
// the host: no digest has it, but snapshots do, so that forks go on counting.
type scopeState struct {
	Levels uint8     // privilege levels in scope in the address space, a bit each
	Next   uint8     // those in the address space that is being loaded
	Loads  bool      // ... if one is
	Before uint64    // instructions in scope in all address spaces before
	Since  [4]uint64 // the processor's RetiredAt when this one began
}

// level0 is the scope of a machine whose Spec names none.
const level0 = 1 << 0

func newScope(cpus int) []scopeState {
	list := make([]scopeState, cpus)
	for i := range list {
		list[i].Levels = level0
	}
	return list
}

// loadedCR3 asks for the scope in the address space that a processor has loaded. It holds
// from the next instruction on: this one retires in the old.
func (m *Machine) loadedCR3(id int) {
	if m.spec.Scope == nil {
		return
	}
	s, c := &m.state.Scope[id], m.cpus[id]
	s.Next, s.Loads = m.spec.Scope(m, id, c.CR3), true
	c.Break = true
}

// enter lets the scope in an address space that has been loaded hold.
func (m *Machine) enter(c *cpu.CPU) {
	if s := &m.state.Scope[c.ID]; s.Loads {
		*s = scopeState{Levels: s.Next, Before: s.count(c), Since: c.RetiredAt}
	}
}

// count is how many instructions of c were in scope.
func (s *scopeState) count(c *cpu.CPU) uint64 {
	n := s.Before
	for level, at := range &c.RetiredAt {
		n += (at - s.Since[level]) & -uint64(s.Levels>>level&1)
	}
	return n
}

// Scoped is the number of instructions in scope that all processors together have retired
// since power-on; see Spec.Scope.
func (m *Machine) Scoped() (n uint64) {
	for i, c := range m.cpus {
		n += m.state.Scope[i].count(c)
	}
	return n
}

// InScope tells whether the next instruction of a processor is in scope.
func (m *Machine) InScope(id int) bool {
	s := &m.state.Scope[id]
	levels := s.Levels
	if s.Loads {
		levels = s.Next
	}
	return levels>>m.cpus[id].CPL&1 != 0
}
