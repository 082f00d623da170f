// Package bus is the contract between a device and the machine that holds it: a
// device is handed a Host and answers as a Device. That is all that they know of
// each other.
package bus

import "resvirt/sim"

// Host is what a device sees of its machine. The machine calls a device, and a
// device calls its Host, only on the machine's goroutine.
type Host interface {
	// Now is the time of what the device is called for: the clock of the
	// processor that accesses it, or the time of the event.
	Now() sim.Time
	// At has Device.Event called at a time from now on. Several may be pending.
	At(t sim.Time, what uint16, data uint64)
	// Cancel forgets all pending events of a kind.
	Cancel(what uint16)
	// Line drives the device's interrupt line; how edges and levels count is up
	// to the interrupt controllers. Driving it to where it is has no effect.
	Line(up bool)
	// Message writes 32 bits to an address as a message-signalled interrupt does.
	Message(addr uint64, data uint32)
	// ReadRAM and WriteRAM are direct memory access by physical address. Where
	// there is no RAM, reads give ones and writes vanish.
	ReadRAM(pa uint64, b []byte)
	WriteRAM(pa uint64, b []byte)
}

// Device is a part of the machine with state of its own.
type Device interface {
	// Event is what the device asked for with Host.At.
	Event(what uint16, data uint64)
	// Save returns a copy of the device's state that nothing changes any more.
	// It costs what changed since the last Save or Load, not the device's size.
	Save() any
	// Load goes back to a state that Save of this device or of one built alike
	// returned. The state may be loaded again, also by others at the same time.
	Load(state any)
	// Hash adds the state that software or time can ever notice.
	Hash(h *sim.Hasher)
}

// Ports is a device in I/O space. Size is 1, 2 or 4; port counts from the start
// of the range that was attached.
type Ports interface {
	In(port uint16, size int) uint32
	Out(port uint16, size int, v uint32)
}

// Memory is a device in memory space. Size is 1, 2, 4 or 8, or what is left up
// to a page's end; off counts from the start of the range that was attached.
type Memory interface {
	Read(off uint64, size int) uint64
	Write(off uint64, size int, v uint64)
}
