package machine

import (
	"slices"

	"resvirt/hw/apic"
	"resvirt/hw/cpu"
	"resvirt/hw/dev"
	"resvirt/hw/mem"
	"resvirt/sim"
)

// Snapshot is a machine's state at one moment. It is immutable and may be used
// by any number of goroutines.
type Snapshot struct {
	spec  Spec
	state State
	cpus  []cpu.State
	apics []apic.State
	ram   *mem.Snapshot

	devices []any // by slot
}

// Snapshot seals RAM and copies the rest.
func (m *Machine) Snapshot() *Snapshot {
	s := &Snapshot{spec: m.spec, state: m.state.clone(), ram: m.mem.Snapshot(), devices: m.saveDevices()}
	for i := range m.cpus {
		s.cpus = append(s.cpus, m.cpus[i].State)
		s.apics = append(s.apics, m.apics[i].Save())
	}
	return s
}

// clone returns a copy that shares nothing that is ever changed in place.
func (s *State) clone() State {
	c := *s
	c.Queue = s.Queue.Clone()
	c.Debug = slices.Clip(c.Debug)
	c.Perf = slices.Clone(s.Perf)
	c.Scope = slices.Clone(s.Scope)
	return c
}

// Restore makes the machine what it was when s was taken, of this machine or of
// one of the same Spec. Watched addresses, watched memory and the trace function stay, the log
// of events is emptied.
func (m *Machine) Restore(s *Snapshot) {
	if len(s.cpus) != len(m.cpus) {
		panic("BUG: machine: snapshot of a machine with another number of processors restored")
	}
	m.mem.Restore(s.ram)
	queue, perf, scope := m.state.Queue, m.state.Perf, m.state.Scope
	m.state = s.state
	queue.CopyFrom(&s.state.Queue)
	copy(perf, s.state.Perf)
	copy(scope, s.state.Scope)
	m.state.Queue, m.state.Perf, m.state.Scope = queue, perf, scope
	m.state.Debug = slices.Clip(s.state.Debug)
	for i, c := range m.cpus {
		c.State = s.cpus[i]
		c.Stop, c.EndTurn = cpu.Stop{}, false
		c.Resync()
		m.apics[i].Load(s.apics[i])
	}
	m.loadDevices(s.devices)
	m.hooks.events = nil
	m.hooks.access.forget()
	m.hooks.entries, m.hooks.watched, m.hooks.yield = 0, false, false
	m.hooks.traced, m.hooks.broke = [MaxCPUs]traced{}, [MaxCPUs]traced{}
}

// NewFrom builds a machine in the state of s; RAM is shared until written.
func NewFrom(s *Snapshot) *Machine {
	m := assemble(s.spec, mem.NewFrom(s.ram))
	m.Restore(s)
	return m
}

// Spec returns the specification of the machine that the snapshot was taken of.
func (s *Snapshot) Spec() Spec { return s.spec }

// SamePages tells at once, without a look at the content, that no page of n bytes of
// physical memory from pa on was written between two snapshots of a run. False says only
// that one may have been, perhaps elsewhere than in these bytes.
func (s *Snapshot) SamePages(later *Snapshot, pa, n uint64) bool {
	return s.ram.SamePages(later.ram, pa, n)
}

// Position is the machine's position at the snapshot.
func (s *Snapshot) Position() (n uint64) {
	for i := range s.cpus {
		n += s.cpus[i].Retired
	}
	return n
}

// Serial is the machine's output up to the snapshot.
func (s *Snapshot) Serial() []byte { return s.devices[slotCOM1].(dev.UARTState).Output }

// Digest identifies the architectural state: processors with their clocks and
// TLBs, APICs, devices, pending events, output so far, RAM. It leaves out how
// many instructions were retired, since that cannot influence what follows, and
// whatever the host added. Two machines stopped at the same kind of point with
// equal digests run on alike. It costs the pages written since the last
// snapshot or restore.
func (m *Machine) Digest() sim.Digest {
	var h sim.Hasher
	for i, c := range m.cpus {
		c.State.Hash(&h)
		m.apics[i].Hash(&h)
		m.hashPerf(&h, i)
	}
	m.state.hash(&h)
	for _, s := range m.devices.slots {
		s.device.Hash(&h)
	}
	h.Digest(m.mem.Digest())
	return h.Sum()
}

func (s *State) hash(h *sim.Hasher) {
	h.Bool(s.Turn.Active)
	h.Uint64(uint64(s.Turn.CPU))
	h.Uint64(uint64(s.Turn.End))
	s.Queue.Hash(h)
	h.Uint64(uint64(s.Post))
	h.Bytes(s.Debug)
	h.Uint64(uint64(s.Final.Reason))
	h.Uint64(uint64(s.Final.Code))
	for _, slots := range s.Lines {
		h.Uint64(slots)
	}
	h.Bool(s.External)
}
