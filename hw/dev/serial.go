// Package dev holds the small devices of the machine. Each is a plain State
// with methods; what a device has to tell is its methods' result.
package dev

import "resvirt/sim"

// Serial is a 16550A whose transmitter is always ready and whose line is
// silent: enough for polled output. Interrupts are not wired. State only.
type Serial struct {
	Divisor                 uint16
	IER, FCR, LCR, MCR, SCR uint8
	Output                  []byte // everything sent since power-on; only ever appended to
	OutputHash              sim.Hasher
}

// Registers by offset from the base port (National Semiconductor PC16550D data sheet, table II).
const (
	serData = iota // DLAB: divisor, low
	serIER         // DLAB: divisor, high
	serIIR         // writes: FCR
	serLCR
	serMCR
	serLSR
	serMSR
	serSCR
)

const (
	lcrDLAB  = 0x80
	mcrLoop  = 0x10
	lsrEmpty = 0x60 // transmitter holding register and transmitter are empty
)

// Out writes the register at offset.
func (s *Serial) Out(offset uint16, v uint8) {
	dlab := s.LCR&lcrDLAB != 0
	switch offset {
	case serData:
		if dlab {
			s.Divisor = s.Divisor&0xff00 | uint16(v)
		} else if s.MCR&mcrLoop == 0 {
			s.Output = append(s.Output, v)
			s.OutputHash.Uint64(uint64(v))
		}
	case serIER:
		if dlab {
			s.Divisor = s.Divisor&0xff | uint16(v)<<8
		} else {
			s.IER = v & 0xf
		}
	case serIIR:
		s.FCR = v & 0xc9
	case serLCR:
		s.LCR = v
	case serMCR:
		s.MCR = v & 0x1f
	case serSCR:
		s.SCR = v
	}
}

// In reads the register at offset.
func (s *Serial) In(offset uint16) uint8 {
	dlab := s.LCR&lcrDLAB != 0
	switch offset {
	case serData:
		if dlab {
			return uint8(s.Divisor)
		}
		return 0 // nothing is ever received
	case serIER:
		if dlab {
			return uint8(s.Divisor >> 8)
		}
		return s.IER
	case serIIR:
		if s.FCR&1 != 0 {
			return 0xc1 // no interrupt pending, FIFOs on
		}
		return 0x01
	case serLCR:
		return s.LCR
	case serMCR:
		return s.MCR
	case serLSR:
		return lsrEmpty
	case serMSR:
		if s.MCR&mcrLoop != 0 { // loop-back shows RTS, DTR, OUT1, OUT2 as CTS, DSR, RI, DCD
			return s.MCR<<3&0x10 | s.MCR<<5&0x20 | s.MCR<<4&0xc0
		}
		return 0xb0 // clear to send, data set ready, carrier
	case serSCR:
		return s.SCR
	}
	return 0xff
}

// Hash adds the state to h.
func (s *Serial) Hash(h *sim.Hasher) {
	h.Uint64(uint64(s.Divisor)<<40 | uint64(s.IER)<<32 | uint64(s.FCR)<<24 | uint64(s.LCR)<<16 | uint64(s.MCR)<<8 | uint64(s.SCR))
	h.Digest(s.OutputHash.Sum())
}

// Clone returns a copy that shares the output so far, which is never changed.
func (s *Serial) Clone() Serial {
	c := *s
	c.Output = c.Output[:len(c.Output):len(c.Output)]
	return c
}
