package dev

import (
	"resvirt/hw/bus"
	"resvirt/sim"
)

// KeyboardState is everything mutable of the keyboard controller.
type KeyboardState struct {
	Command uint8 // the command byte: interrupts, translation
	Output  uint8 // what port 60h reads
	Expects uint8 // command that waits for its byte, 0 = none
	Lines   uint8 // the output port: reset, A20 and others

	Full      bool // Output has not been read
	TimedOut  bool // Output stands for an answer that did not come
	Commanded bool // the last byte written was a command
}

// Keyboard is the 8042 controller of a PC without a keyboard or a mouse (IBM
// PC/AT Technical Reference, "Keyboard Controller"): they never answer, and the
// controller reports that. Address line 20 is always on.
type Keyboard struct {
	KeyboardState
	host  bus.Host
	reset func() // pulses the processors' reset line
}

var _ bus.Device = (*Keyboard)(nil)

// NewKeyboard returns a controller as firmware leaves it; reset is called when
// software has it reset the machine.
func NewKeyboard(h bus.Host, reset func()) *Keyboard {
	return &Keyboard{KeyboardState: KeyboardState{Command: 0x04 | kbdOff | kbdMouseOff, Lines: 3}, host: h, reset: reset}
}

// Bits of the command byte, and of the status that port 64h reads.
const (
	kbdInterrupt = 1 << 0
	kbdOff       = 1 << 4
	kbdMouseOff  = 1 << 5

	kbdFull     = 1 << 0
	kbdSystem   = 1 << 2 // the self-test was passed
	kbdCommand  = 1 << 3 // the last byte written was a command
	kbdUnlocked = 1 << 4
	kbdTimeout  = 1 << 6

	kbdNoAnswer = 0xfe // in place of an answer
)

// KeyboardPort is port 60h, or with Control port 64h.
type KeyboardPort struct {
	Keyboard *Keyboard
	Control  bool
}

// In reads the data or the status.
func (p KeyboardPort) In(uint16) uint8 {
	k := p.Keyboard
	if !p.Control {
		k.Full, k.TimedOut = false, false
		k.update()
		return k.Output
	}
	v := uint8(kbdSystem | kbdUnlocked)
	if k.Full {
		v |= kbdFull
	}
	if k.Commanded {
		v |= kbdCommand
	}
	if k.TimedOut {
		v |= kbdTimeout
	}
	return v
}

// Out writes data or a command.
func (p KeyboardPort) Out(_ uint16, v uint8) {
	k := p.Keyboard
	k.Commanded = p.Control
	if p.Control {
		k.command(v)
	} else {
		k.data(v)
	}
	k.update()
}

func (k *Keyboard) answer(v uint8) { k.Output, k.Full = v, true }

// command executes what is written to port 64h.
func (k *Keyboard) command(v uint8) {
	k.Expects = 0
	switch v {
	case 0x20:
		k.answer(k.Command)
	case 0x60, 0xd1, 0xd2, 0xd3, 0xd4: // a byte follows
		k.Expects = v
	case 0xa7:
		k.Command |= kbdMouseOff
	case 0xa8:
		k.Command &^= kbdMouseOff
	case 0xa9: // mouse port test: the clock line is stuck low, there is none
		k.answer(1)
	case 0xaa:
		k.answer(0x55)
	case 0xab: // keyboard port test: no error
		k.answer(0)
	case 0xad:
		k.Command |= kbdOff
	case 0xae:
		k.Command &^= kbdOff
	case 0xc0: // input port: not locked
		k.answer(0x80)
	case 0xd0:
		k.answer(k.Lines)
	}
	if v >= 0xf0 && v&1 == 0 { // pulses output lines, of which the lowest is reset
		k.reset()
	}
}

// data takes a byte written to port 60h.
func (k *Keyboard) data(v uint8) {
	switch k.Expects {
	case 0x60:
		k.Command = v
	case 0xd1:
		k.Lines = v
		if v&1 == 0 {
			k.reset()
		}
	case 0xd2, 0xd3:
		k.answer(v)
	default: // to the keyboard or the mouse
		k.answer(kbdNoAnswer)
		k.TimedOut = true
	}
	k.Expects = 0
}

func (k *Keyboard) update() { k.host.Line(k.Full && k.Command&kbdInterrupt != 0) }

// Event implements bus.Device; there are none.
func (k *Keyboard) Event(uint16, uint64) {}

// Save implements bus.Device.
func (k *Keyboard) Save() any { return k.KeyboardState }

// Load implements bus.Device.
func (k *Keyboard) Load(s any) { k.KeyboardState = s.(KeyboardState) }

// Hash implements bus.Device.
func (k *Keyboard) Hash(h *sim.Hasher) {
	h.Bytes([]byte{k.Command, k.Output, k.Expects, k.Lines})
	h.Bool(k.Full)
	h.Bool(k.TimedOut)
	h.Bool(k.Commanded)
}
