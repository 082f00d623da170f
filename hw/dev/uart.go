package dev

import (
	"slices"

	"resvirt/hw/bus"
	"resvirt/sim"
)

// UARTState is everything mutable of a serial port.
type UARTState struct {
	Divisor                 uint16
	IER, FCR, LCR, MCR, SCR uint8
	LSR                     uint8 // errors of reception
	MSR                     uint8 // changes of the modem lines since they were read

	FIFO    [fifoSize]uint8 // received, oldest first
	Held    int             // how many
	Empty   bool            // the transmitter's interrupt is pending
	Timeout bool            // received characters have lain for a while

	Output     []byte // everything sent since power-on; only ever appended to
	OutputHash sim.Hasher
	Input      []byte // what is yet to come down the line; never changed in place
	Coming     bool   // its first character is on its way
}

// UART is a National Semiconductor PC16550D. Its transmitter is always ready:
// sending takes no time. Characters received keep the time of the line, and the
// other end waits while there is no room for them.
type UART struct {
	UARTState
	host bus.Host
}

var _ bus.Device = (*UART)(nil)

const (
	fifoSize  = 16
	uartClock = 1_843_200 // Hz

	uartReceive = 0 // events
	uartTimeout = 1
)

// NewUART returns a serial port after power-on.
func NewUART(h bus.Host) *UART {
	return &UART{UARTState: UARTState{Divisor: 1}, host: h}
}

// character is the time that one takes on the line: with start, stop and parity
// bits as the format says.
func (u *UART) character() sim.Time {
	bits := sim.Time(2 + 5 + u.LCR&3 + u.LCR>>2&1 + u.LCR>>3&1)
	return bits * 16 * sim.Time(max(u.Divisor, 1)) * (sim.Second / uartClock)
}

// Receive lets characters come down the line from now on, after those that are
// still to come.
func (u *UART) Receive(b []byte) {
	u.Input = slices.Concat(u.Input, b)
	u.expect()
}

// expect has the next character arrive if there is room for it.
func (u *UART) expect() {
	if !u.Coming && len(u.Input) > 0 && u.Held < u.room() {
		u.Coming = true
		u.host.At(u.host.Now()+u.character(), uartReceive, 0)
	}
}

// Listens tells whether software wants to be interrupted by input.
func (u *UART) Listens() bool { return u.IER&ierReceive != 0 }

// room is how many characters can be held.
func (u *UART) room() int {
	if u.FCR&fcrEnable != 0 {
		return fifoSize
	}
	return 1
}

// Event implements bus.Device.
func (u *UART) Event(what uint16, _ uint64) {
	switch what {
	case uartReceive:
		u.Coming = false
		if u.MCR&mcrLoop == 0 { // in loop-back the line is cut off
			u.take(u.Input[0])
		}
		u.Input = u.Input[1:]
		u.expect()
	case uartTimeout:
		u.Timeout = u.Held > 0
	}
	u.update()
}

// take receives a character.
func (u *UART) take(v uint8) {
	if u.Held == u.room() {
		u.LSR |= lsrOverrun
		if u.room() == 1 {
			u.FIFO[0] = v
		}
		return
	}
	u.FIFO[u.Held] = v
	u.Held++
	u.wait()
}

// wait restarts the time after which characters below the trigger level are
// reported: that of four (data sheet, 8.4.1).
func (u *UART) wait() {
	u.host.Cancel(uartTimeout)
	u.Timeout = false
	if u.FCR&fcrEnable != 0 && u.IER&ierReceive != 0 && u.Held > 0 && u.Held < u.trigger() {
		u.host.At(u.host.Now()+4*u.character(), uartTimeout, 0)
	}
}

// trigger is how many characters make an interrupt.
func (u *UART) trigger() int {
	if u.FCR&fcrEnable == 0 {
		return 1
	}
	return [4]int{1, 4, 8, 14}[u.FCR>>6]
}

// cause is the interrupt identification (data sheet, table III); iirNone if
// there is none.
func (u *UART) cause() uint8 {
	switch {
	case u.IER&ierStatus != 0 && u.LSR != 0:
		return 6
	case u.IER&ierReceive != 0 && u.Held >= u.trigger():
		return 4
	case u.IER&ierReceive != 0 && u.Timeout:
		return 0xc
	case u.IER&ierTransmit != 0 && u.Empty:
		return iirTransmit
	case u.IER&ierModem != 0 && u.MSR != 0:
		return 0
	}
	return iirNone
}

// update drives the interrupt line. PCs gate it by OUT2; here as with other
// emulated PCs it is not gated.
func (u *UART) update() { u.host.Line(u.cause() != iirNone) }

// Save implements bus.Device.
func (u *UART) Save() any {
	s := u.UARTState
	s.Output = slices.Clip(s.Output)
	return s
}

// Load implements bus.Device.
func (u *UART) Load(s any) { u.UARTState = s.(UARTState) }

// Hash implements bus.Device.
func (u *UART) Hash(h *sim.Hasher) {
	h.Uint64(uint64(u.Divisor)<<40 | uint64(u.IER)<<32 | uint64(u.FCR)<<24 | uint64(u.LCR)<<16 | uint64(u.MCR)<<8 | uint64(u.SCR))
	h.Uint64(uint64(u.LSR)<<16 | uint64(u.MSR)<<8 | uint64(u.Held))
	h.Bytes(u.FIFO[:u.Held])
	h.Bool(u.Empty)
	h.Bool(u.Timeout)
	h.Digest(u.OutputHash.Sum())
	h.Bytes(u.Input)
	h.Bool(u.Coming)
}
