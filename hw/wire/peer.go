package wire

import (
	"resvirt/hw/bus"
	"resvirt/models"
	"resvirt/sim"
)

// Peer describes a modelled host on the network. It is immutable, part of what a machine
// is built from; each machine has a Station of its own.
type Peer interface {
	// Join builds the host for a machine. It sends by its end of a wire, and has events
	// at times of its own through its bus.Host.
	Join(host bus.Host, out End, t *models.Timing) Station
}

// Station is a modelled host: what it has sent and what came back is its state.
type Station interface {
	bus.Device
	Receiver
}

// stateless is a bus.Device that has neither state nor events.
type stateless struct{}

// Event implements bus.Device.
func (stateless) Event(uint16, uint64) { panic("BUG: wire: event for a host that asks for none") }

// Save implements bus.Device.
func (stateless) Save() any { return nil }

// Load implements bus.Device.
func (stateless) Load(any) {}

// Hash implements bus.Device.
func (stateless) Hash(*sim.Hasher) {}
