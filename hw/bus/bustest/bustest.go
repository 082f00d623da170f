// Package bustest is the least machine that a device can be tested in: RAM, a
// queue of events, and a record of lines and messages.
package bustest

import (
	"bytes"
	"slices"

	"resvirt/hw/bus"
	"resvirt/sim"
)

// Machine holds devices, each in a Slot.
type Machine struct {
	Time     sim.Time
	RAM      []byte
	Messages []Message // in the order they were sent
	Slots    []*Slot

	queue sim.Queue
}

// Message is a message-signalled interrupt.
type Message struct {
	Addr uint64
	Data uint32
}

// Slot is the place of one device. Up is its interrupt line, Rises how often it rose.
type Slot struct {
	Device bus.Device
	Up     bool
	Rises  int

	m      *Machine
	number uint32
}

var _ bus.Host = (*Slot)(nil)

// New returns a machine with that many bytes of RAM.
func New(ram int) *Machine { return &Machine{RAM: make([]byte, ram)} }

// Slot adds a slot. The caller puts the device in.
func (m *Machine) Slot() *Slot {
	s := &Slot{m: m, number: uint32(len(m.Slots))}
	m.Slots = append(m.Slots, s)
	return s
}

// Run lets happen what is due up to a time, and goes there.
func (m *Machine) Run(until sim.Time) {
	for m.Step(until) {
	}
	m.Time = max(m.Time, until)
}

// Step lets the next event happen unless it is after limit.
func (m *Machine) Step(limit sim.Time) bool {
	e, ok := m.queue.Pop(limit)
	if ok {
		m.Time = e.Time
		m.Slots[e.A].Device.Event(e.Kind, e.B)
	}
	return ok
}

// Drain runs until nothing is pending.
func (m *Machine) Drain() {
	for m.Step(sim.Never - 1) {
	}
}

// Saved is the state of a Machine.
type Saved struct {
	time     sim.Time
	ram      []byte
	messages []Message
	queue    sim.Queue
	slots    []Slot
	devices  []any
}

// Save returns the state of everything.
func (m *Machine) Save() *Saved {
	s := &Saved{time: m.Time, ram: bytes.Clone(m.RAM), messages: slices.Clone(m.Messages), queue: m.queue.Clone()}
	for _, slot := range m.Slots {
		s.slots = append(s.slots, *slot)
		s.devices = append(s.devices, slot.Device.Save())
	}
	return s
}

// Load goes back to a state of this machine or of one built alike.
func (m *Machine) Load(s *Saved) {
	m.Time, m.Messages = s.time, slices.Clone(s.messages)
	copy(m.RAM, s.ram)
	m.queue.CopyFrom(&s.queue)
	for i, slot := range m.Slots {
		slot.Up, slot.Rises = s.slots[i].Up, s.slots[i].Rises
		slot.Device.Load(s.devices[i])
	}
}

// Digest is of everything that Save saves.
func (m *Machine) Digest() sim.Digest {
	var h sim.Hasher
	h.Uint64(uint64(m.Time))
	h.Bytes(m.RAM)
	m.queue.Hash(&h)
	for _, msg := range m.Messages {
		h.Uint64(msg.Addr)
		h.Uint64(uint64(msg.Data))
	}
	for _, s := range m.Slots {
		h.Bool(s.Up)
		h.Uint64(uint64(s.Rises))
		s.Device.Hash(&h)
	}
	return h.Sum()
}

// Now implements bus.Host.
func (s *Slot) Now() sim.Time { return s.m.Time }

// At implements bus.Host.
func (s *Slot) At(t sim.Time, what uint16, data uint64) {
	s.m.queue.Add(max(t, s.m.Time), what, s.number, data)
}

// Cancel implements bus.Host.
func (s *Slot) Cancel(what uint16) { s.m.queue.Remove(what, s.number) }

// Line implements bus.Host.
func (s *Slot) Line(up bool) {
	if up && !s.Up {
		s.Rises++
	}
	s.Up = up
}

// Message implements bus.Host.
func (s *Slot) Message(addr uint64, data uint32) {
	s.m.Messages = append(s.m.Messages, Message{addr, data})
}

// ReadRAM implements bus.Host.
func (s *Slot) ReadRAM(pa uint64, b []byte) {
	for i := range b {
		b[i] = 0xff
	}
	if pa < uint64(len(s.m.RAM)) {
		copy(b, s.m.RAM[pa:])
	}
}

// WriteRAM implements bus.Host.
func (s *Slot) WriteRAM(pa uint64, b []byte) {
	if pa < uint64(len(s.m.RAM)) {
		copy(s.m.RAM[pa:], b)
	}
}
