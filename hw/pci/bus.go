package pci

import (
	"resvirt/hw/bus"
	"resvirt/sim"
)

// Function is a PCI function as the bus needs it. Offsets are within the BAR.
type Function interface {
	Config() *Config
	ReadBAR(bar int, off uint64, size int) uint64
	WriteBAR(bar int, off uint64, size int, v uint64)
	// Reset is what a reset of the function does besides that of its configuration
	// space, which is over.
	Reset()
}

// Bus is bus 0 with its host bridge, device 0. Other devices have one function each.
type Bus struct {
	address   uint32 // the configuration address register
	bridge    *Config
	functions [32]Function
	remap     Remapper // nil if there is no IOMMU

	nextMem, nextPort uint64 // for firmware to place the next range
}

// BusState is everything mutable of the bus itself. It is plain data.
type BusState struct {
	Address uint32
	Bridge  State
}

var _ bus.Device = (*Bus)(nil)

// hostBridge is Intel's 82441FX, the memory controller hub of the 440FX, for
// which kernels need no special treatment.
func hostBridge() *Spec {
	return &Spec{Vendor: 0x8086, Device: 0x1237, Class: 0x060000, Revision: 2}
}

// NewBus returns a bus with nothing but the host bridge.
func NewBus(host bus.Host) *Bus {
	b := &Bus{bridge: NewConfig(hostBridge(), host), nextMem: firstMem, nextPort: firstPort}
	b.functions[0] = b
	return b
}

// Config implements Function for the host bridge.
func (b *Bus) Config() *Config { return b.bridge }

// ReadBAR implements Function; the host bridge has none.
func (b *Bus) ReadBAR(int, uint64, int) uint64 { panic("BUG: pci: the host bridge has no BAR") }

// WriteBAR implements Function; the host bridge has none.
func (b *Bus) WriteBAR(int, uint64, int, uint64) { panic("BUG: pci: the host bridge has no BAR") }

// Reset implements Function; the host bridge announces no way to reset it.
func (b *Bus) Reset() {}

// Add adds a function as a device, 1 to 31, and does what firmware does: it
// assigns addresses, writes the IRQ of the 8259s to which the pin leads, and
// enables decoding.
func (b *Bus) Add(device int, f Function, irq int) {
	if b.functions[device] != nil {
		panic("BUG: pci: two functions are the same device")
	}
	b.functions[device] = f
	c := f.Config()
	c.bus, c.id = b, ID(device, 0)
	for i, r := range c.spec.BARs {
		if r.Size == 0 {
			continue
		}
		next := &b.nextMem
		if r.IO {
			next = &b.nextPort
		}
		*next = (*next + r.Size - 1) &^ (r.Size - 1)
		c.place(i, *next)
		*next += r.Size
	}
	c.Bytes[regCommand] |= cmdIO | cmdMemory
	if c.spec.Pin != 0 {
		c.Bytes[regLine] = uint8(irq)
	}
}

// find returns the function that answers to an address, with BAR and offset.
func (b *Bus) find(addr uint64, io bool) (f Function, bar int, off uint64) {
	for _, f := range b.functions {
		if f != nil {
			if bar, off, ok := f.Config().decode(addr, io); ok {
				return f, bar, off
			}
		}
	}
	return nil, 0, 0
}

func (b *Bus) read(addr uint64, io bool, size int) uint64 {
	ones := ^uint64(0) >> (64 - 8*size)
	if f, bar, off := b.find(addr, io); f != nil {
		return f.ReadBAR(bar, off, size) & ones
	}
	return ones
}

func (b *Bus) write(addr uint64, io bool, size int, v uint64) {
	if f, bar, off := b.find(addr, io); f != nil {
		f.WriteBAR(bar, off, size, v)
	}
}

// Event implements bus.Device. The bus asks for none.
func (b *Bus) Event(uint16, uint64) { panic("BUG: pci: event for the bus") }

// Save implements bus.Device.
func (b *Bus) Save() any { return BusState{b.address, b.bridge.Save()} }

// Load implements bus.Device.
func (b *Bus) Load(state any) {
	s := state.(BusState)
	b.address = s.Address
	b.bridge.Load(s.Bridge)
}

// Hash implements bus.Device.
func (b *Bus) Hash(h *sim.Hasher) {
	h.Uint64(uint64(b.address))
	b.bridge.Hash(h)
}
