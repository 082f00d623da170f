package dev

import (
	"resvirt/hw/bus"
	"resvirt/sim"
)

// ParallelState is everything mutable of a parallel port.
type ParallelState struct{ Data, Control uint8 }

// Parallel is the parallel port of a PC with a printer that takes each byte when it is
// written to the data register: programs that test processors often do not strobe.
// There is no interrupt.
type Parallel struct {
	ParallelState
	print func(b uint8)
}

var _ bus.Device = (*Parallel)(nil)

// ParallelPorts is how many ports it has: data, status, control.
const ParallelPorts = 3

// NewParallel returns a port whose printer prints by a function.
func NewParallel(print func(b uint8)) *Parallel {
	return &Parallel{ParallelState{Control: 0x0c}, print}
}

// In reads a byte.
func (p *Parallel) In(port uint16) uint8 {
	const ready = 0xdf // not busy, on line, paper, no error
	switch port {
	case 0:
		return p.Data
	case 1:
		return ready
	}
	return p.Control | 0xe0
}

// Out writes a byte.
func (p *Parallel) Out(port uint16, v uint8) {
	switch port {
	case 0:
		p.Data = v
		p.print(v)
	case 2:
		p.Control = v & 0x1f
	}
}

// Event implements bus.Device; there are none.
func (p *Parallel) Event(uint16, uint64) {}

// Save implements bus.Device.
func (p *Parallel) Save() any { return p.ParallelState }

// Load implements bus.Device.
func (p *Parallel) Load(s any) { p.ParallelState = s.(ParallelState) }

// Hash implements bus.Device.
func (p *Parallel) Hash(h *sim.Hasher) { h.Bytes([]byte{p.Data, p.Control}) }
