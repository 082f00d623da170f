package machine

import (
	"resvirt/hw/apic"
	"resvirt/hw/cpu"
	"resvirt/hw/mem"
	"resvirt/sim"
)

// State is everything mutable of the machine besides processors, APICs,
// attached devices and RAM, which keep their own. It is plain data.
type State struct {
	Turn  Turn
	Queue sim.Queue
	Post  uint8  // the POST-code latch
	Debug []byte // what was written to port 0xe9; only ever appended to
	Perf  []perfState
	Scope []scopeState // of each processor; the host's, in no digest
	Final Stop         // why the machine ended, Reason None while it has not

	Lines    [lines]uint64 // slots that assert an interrupt line, a bit each
	External bool          // the 8259s request an interrupt
}

// Turn is the run of one processor that is under way. It outlives Run, so that
// the bounds of Run do not change the order of events.
type Turn struct {
	Active bool
	CPU    int
	End    sim.Time
}

// Machine is a computer. It belongs to one goroutine.
type Machine struct {
	spec  Spec
	state State
	mem   *mem.Memory
	cpus  []*cpu.CPU
	tally *cpu.Tally // nil unless somebody wants to know
	apics []*apic.APIC

	devices devices
	hooks   hooks
	budget  Budget // of the slice under way
}

// New builds a machine at power-on: RAM zero, the boot processor (0) about to
// execute, the others waiting for a start-up IPI.
func New(spec Spec) (*Machine, error) {
	if spec.Engine == nil {
		spec.Engine = Plain{}
	}
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	ram, err := mem.NewWithROM(spec.MemBytes, spec.ROM)
	if err != nil {
		return nil, err
	}
	m := assemble(spec, ram)
	for _, c := range m.cpus {
		m.loadedCR3(c.ID)
	}
	return m, nil
}

// assemble wires a machine in the state of power-on around its RAM.
func assemble(spec Spec, ram *mem.Memory) *Machine {
	m := &Machine{spec: spec, mem: ram}
	m.state.Perf = make([]perfState, spec.CPUs)
	m.state.Scope = newScope(spec.CPUs)
	for i := range spec.CPUs {
		c := &cpu.CPU{ID: i, Count: spec.CPUs, Seed: spec.Seed, Mem: ram, Bus: m, Cost: &m.spec.Models.Cost}
		c.Reset()
		if i != 0 {
			c.MSR.APICBase &^= apic.BaseBSP
			c.Activity = cpu.WaitSIPI
		}
		if spec.Scope != nil {
			c.LoadedCR3 = m.loadedCR3
		}
		m.cpus = append(m.cpus, c)
		m.apics = append(m.apics, apic.New(i, &c.MSR.APICBase, spec.Models.APICBusPeriod, wires{m}))
	}
	m.attachDevices()
	return m
}

// Spec returns what the machine was built from.
func (m *Machine) Spec() Spec { return m.spec }

// CPU returns a processor. Its State may be changed between runs; after a
// change that affects interrupts or counters no other call is needed.
func (m *Machine) CPU(i int) *cpu.CPU { return m.cpus[i] }

// APIC returns a processor's local APIC, to look at.
func (m *Machine) APIC(i int) *apic.APIC { return m.apics[i] }

// Memory returns the RAM.
func (m *Machine) Memory() *mem.Memory { return m.mem }

// Position is the number of instructions retired by all processors since power-on.
func (m *Machine) Position() (n uint64) {
	for _, c := range m.cpus {
		n += c.Retired
	}
	return n
}

// Next is the processor about to execute. It is the last that did when the machine has ended.
func (m *Machine) Next() int { return m.state.Turn.CPU }

// Now is the clock of the processor about to execute.
func (m *Machine) Now() sim.Time { return sim.Time(m.cpus[m.state.Turn.CPU].Clock) }

// Serial is everything the machine has sent on COM1 since power-on. The caller
// must not change it.
func (m *Machine) Serial() []byte { return m.devices.uart.Output }

// Input lets bytes come down the line of COM1, one after the other at the speed
// of the line and only while there is room for them. They begin when the turn
// that is under way ends: giving the same input at the same position of a run
// again gives the same run.
func (m *Machine) Input(b []byte) {
	m.devices.now = m.Now()
	if m.state.Turn.Active {
		m.devices.now = m.state.Turn.End
	}
	m.devices.uart.Receive(b)
}

// Debug is everything written to the debug port 0xe9. The caller must not change it.
func (m *Machine) Debug() []byte { return m.state.Debug }

// Screen is the text page of the display, line by line; ok is false in a graphics mode.
func (m *Machine) Screen() (lines []string, ok bool) { return m.devices.vga.Screen(m.mem.ReadBytes) }

// Final is the Stop that ended the machine, with Reason None while it has not ended.
func (m *Machine) Final() Stop { return m.state.Final }
