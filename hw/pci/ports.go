package pci

import "resvirt/hw/bus"

// The bus as the machine sees it: two configuration ports (3.2.2.3.2) and two windows.

type (
	addressPort struct{ b *Bus }
	dataPort    struct{ b *Bus }
	portWindow  struct{ b *Bus }
	memWindow   struct{ b *Bus }
)

// Ports of configuration mechanism #1. Only the first port of the address register
// is the bus's: narrower accesses beside it belong to other devices, such as 0xcf9.
const (
	AddressPort = 0xcf8
	DataPort    = 0xcfc
)

// Address is the configuration address register, one port wide.
func (b *Bus) Address() bus.Ports { return addressPort{b} }

// Data is the configuration data register, four ports wide.
func (b *Bus) Data() bus.Ports { return dataPort{b} }

// Ports is the window of functions in I/O space, PortSize ports from PortBase
// on.
func (b *Bus) Ports() bus.Ports { return portWindow{b} }

// Memory is what functions have in memory space, MemSize bytes from MemBase on.
func (b *Bus) Memory() bus.Memory { return memWindow{b} }

// In reads the register; accesses of less than 32 bits are not for it.
func (p addressPort) In(_ uint16, size int) uint32 {
	if size != 4 {
		return ^uint32(0)
	}
	return p.b.address
}

// Out writes it. Reserved bits stay zero.
func (p addressPort) Out(_ uint16, size int, v uint32) {
	if size == 4 {
		p.b.address = v & 0x80fffffc
	}
}

// target is the function that the address register selects, nil if there is none.
func (p dataPort) target() Function {
	a := p.b.address
	if a&(1<<31) == 0 || a>>16&0xff != 0 || a>>8&7 != 0 {
		return nil
	}
	return p.b.functions[a>>11&31]
}

// In reads configuration space.
func (p dataPort) In(port uint16, size int) (v uint32) {
	f := p.target()
	for i := range size {
		b := uint8(0xff)
		if at := int(port) + i; f != nil && at < 4 {
			b = f.Config().Read(uint8(p.b.address) + uint8(at))
		}
		v |= uint32(b) << (8 * i)
	}
	return v
}

// Out writes it.
func (p dataPort) Out(port uint16, size int, v uint32) {
	f := p.target()
	if f == nil {
		return
	}
	b := []byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)}
	if f.Config().Write(uint8(p.b.address)+uint8(port), b[:min(size, 4-int(port))]) {
		f.Reset()
	}
}

// In implements bus.Ports.
func (w portWindow) In(port uint16, size int) uint32 {
	return uint32(w.b.read(PortBase+uint64(port), true, size))
}

// Out implements bus.Ports.
func (w portWindow) Out(port uint16, size int, v uint32) {
	w.b.write(PortBase+uint64(port), true, size, uint64(v))
}

// Read implements bus.Memory.
func (w memWindow) Read(off uint64, size int) uint64 { return w.b.read(MemBase+off, false, size) }

// Write implements bus.Memory.
func (w memWindow) Write(off uint64, size int, v uint64) { w.b.write(MemBase+off, false, size, v) }

// ReadRegs reads 32-bit registers for an access of any size: those that it
// touches are read whole, and the bytes asked for returned.
func ReadRegs(off uint64, size int, read func(off uint64) uint32) (v uint64) {
	var done int
	for done < size {
		at := off + uint64(done)
		reg := uint64(read(at&^3)) >> (at & 3 * 8)
		v |= reg << (8 * done)
		done += 4 - int(at&3)
	}
	return v
}

// WriteRegs writes the 32-bit registers that an access covers whole; one of
// which it covers a part stays as it is.
func WriteRegs(off uint64, size int, v uint64, write func(off uint64, v uint32)) {
	for skip := int(-off & 3); skip+4 <= size; skip += 4 {
		write(off+uint64(skip), uint32(v>>(8*skip)))
	}
}
