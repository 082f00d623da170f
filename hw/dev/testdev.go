package dev

import (
	"encoding/binary"
	"slices"

	"resvirt/hw/bus"
	"resvirt/sim"
)

// TestDeviceState is everything mutable of the test device.
type TestDeviceState struct {
	Latch uint32
	Lines uint32 // interrupt lines that are up, a bit each
	RAM   []byte // nil until something is written
}

// TestDevice is QEMU's pc-testdev (hw/misc/pc-testdev.c), for which conformance
// suites look: a latch in I/O space, interrupt lines under the control of
// software, and 64 KiB that are reached as a device's memory.
type TestDevice struct {
	TestDeviceState
	line   func(n int, up bool)
	shared bool // RAM belongs to a saved state as well
}

var _ bus.Device = (*TestDevice)(nil)

// Sizes of the device's parts.
const (
	TestLatchPorts = 4
	TestLines      = 16 // those of the ISA bus
	TestRAMSize    = 0x10000
)

// NewTestDevice returns the device; line drives an interrupt line, 0 to TestLines-1.
func NewTestDevice(line func(n int, up bool)) *TestDevice { return &TestDevice{line: line} }

// TestLatch is the latch: what was written to its four ports can be read back.
type TestLatch struct{ *TestDevice }

// In implements bus.Ports.
func (t TestLatch) In(port uint16, size int) uint32 {
	return uint32((uint64(t.Latch) | 0xffffffff<<32) >> (port & 3 * 8) & (1<<(8*size) - 1))
}

// Out implements bus.Ports.
func (t TestLatch) Out(port uint16, size int, v uint32) {
	shift := port & 3 * 8
	mask := uint32((1<<(8*size) - 1) << shift)
	t.Latch = t.Latch&^mask | v<<shift&mask
}

// TestLinePorts drive the interrupt lines, each by a port of its own.
type TestLinePorts struct{ *TestDevice }

// In implements bus.Ports; the lines cannot be read.
func (t TestLinePorts) In(_ uint16, size int) uint32 { return uint32(1<<(8*size) - 1) }

// Out implements bus.Ports: a line is up while its port holds something other than 0.
func (t TestLinePorts) Out(port uint16, size int, v uint32) {
	if size != 1 {
		return
	}
	t.Lines &^= 1 << port
	if v&0xff != 0 {
		t.Lines |= 1 << port
	}
	t.line(int(port), v&0xff != 0)
}

// Read implements bus.Memory.
func (t *TestDevice) Read(off uint64, size int) uint64 {
	var b [8]byte
	if t.RAM != nil {
		copy(b[:size], t.RAM[off:])
	}
	return binary.LittleEndian.Uint64(b[:])
}

// Write implements bus.Memory.
func (t *TestDevice) Write(off uint64, size int, v uint64) {
	switch {
	case t.RAM == nil:
		t.RAM = make([]byte, TestRAMSize)
	case t.shared:
		t.RAM = slices.Clone(t.RAM)
	}
	t.shared = false
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], v)
	copy(t.RAM[off:], b[:size])
}

// Event implements bus.Device; there are none.
func (t *TestDevice) Event(uint16, uint64) {}

// Save implements bus.Device.
func (t *TestDevice) Save() any {
	t.shared = true
	return t.TestDeviceState
}

// Load implements bus.Device.
func (t *TestDevice) Load(s any) { t.TestDeviceState, t.shared = s.(TestDeviceState), true }

// Hash implements bus.Device.
func (t *TestDevice) Hash(h *sim.Hasher) {
	h.Uint64(uint64(t.Lines)<<32 | uint64(t.Latch))
	h.Bytes(t.RAM)
}
