package apic

import "resvirt/sim"

// IOPins is the number of interrupt inputs of an I/O APIC.
const IOPins = 24

// IOState is everything mutable of an I/O APIC.
type IOState struct {
	ID    uint8
	Index uint8 // of the register that the window shows
	Pins  uint32
	Redir [IOPins]uint64
}

// IOAPIC turns the levels of its pins into interrupt messages (Intel 82093AA
// data sheet, 290566), with the EOI register of later versions.
type IOAPIC struct {
	IOState
	send func(IPI) bool // delivers a message and tells whether any processor takes it
}

// NewIOAPIC returns an I/O APIC after power-on: all pins masked, and high where
// pins has a bit set. send delivers an interrupt and tells whether any processor
// is its target.
func NewIOAPIC(pins uint32, send func(IPI) bool) *IOAPIC {
	a := &IOAPIC{send: send}
	a.Pins = pins
	for i := range a.Redir {
		a.Redir[i] = lvtMask
	}
	return a
}

// Bits of redirection entries (3.2.4) beside those that LVT entries have, too.
const (
	redirLogical   = 1 << 11
	redirLow       = 1 << 13 // active low
	redirRemoteIRR = 1 << 14
	redirLevel     = 1 << 15

	redirWritable = 0xff<<56 | 0x1afff
)

// SetPin drives a pin electrically.
func (a *IOAPIC) SetPin(n int, high bool) {
	bit := uint32(1) << n
	if high == (a.Pins&bit != 0) {
		return
	}
	a.Pins ^= bit
	e := a.Redir[n]
	switch {
	case !a.active(n):
	case e&redirLevel != 0:
		a.service(n)
	case e&lvtMask == 0: // 3.2.4: an edge at a masked pin is lost
		a.message(e)
	}
}

// active tells whether a pin has the level that its polarity calls asserted.
func (a *IOAPIC) active(n int) bool {
	return (a.Pins>>n&1 != 0) != (a.Redir[n]&redirLow != 0)
}

// service sends the message of an asserted level-triggered pin unless one is
// on its way or in service.
func (a *IOAPIC) service(n int) {
	e := a.Redir[n]
	if e&redirLevel == 0 || e&(lvtMask|redirRemoteIRR) != 0 || !a.active(n) {
		return
	}
	taken := a.message(e)
	if mode := e >> 8 & 7; taken && (mode == ModeFixed || mode == ModeLowest) {
		a.Redir[n] |= redirRemoteIRR
	}
}

func (a *IOAPIC) message(e uint64) bool {
	mode := uint8(e >> 8 & 7)
	return a.send(IPI{
		Mode:    mode,
		Vector:  uint8(e),
		Level:   e&redirLevel != 0 && (mode == ModeFixed || mode == ModeLowest),
		Logical: e&redirLogical != 0,
		Dest:    uint32(e >> 56),
	})
}

// EOI is the broadcast of a local APIC that a level-triggered interrupt ended.
// Pins that are still asserted send again.
func (a *IOAPIC) EOI(vector uint8) {
	for n := range a.Redir {
		if e := a.Redir[n]; uint8(e) == vector && e&redirRemoteIRR != 0 {
			a.Redir[n] = e &^ redirRemoteIRR
			a.service(n)
		}
	}
}

// Listens tells whether a pin is unmasked.
func (a *IOAPIC) Listens(n int) bool { return a.Redir[n]&lvtMask == 0 }

// Maskable tells whether pins can cause only interrupts that processors may mask.
func (a *IOAPIC) Maskable() bool {
	for _, e := range a.Redir {
		if mode := e >> 8 & 7; e&lvtMask == 0 && mode != ModeFixed && mode != ModeLowest && mode != ModeExtINT {
			return false
		}
	}
	return true
}

// Event implements bus.Device; there are none.
func (a *IOAPIC) Event(uint16, uint64) {}

// Save implements bus.Device.
func (a *IOAPIC) Save() any { return a.IOState }

// Load implements bus.Device.
func (a *IOAPIC) Load(s any) { a.IOState = s.(IOState) }

// Hash implements bus.Device.
func (a *IOAPIC) Hash(h *sim.Hasher) {
	h.Uint64(uint64(a.ID)<<40 | uint64(a.Index)<<32 | uint64(a.Pins))
	for _, e := range a.Redir {
		h.Uint64(e)
	}
}
