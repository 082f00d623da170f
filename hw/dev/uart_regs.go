package dev

// Registers by offset from the base port (PC16550D data sheet, table II).
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
	ierReceive  = 1 << 0
	ierTransmit = 1 << 1
	ierStatus   = 1 << 2
	ierModem    = 1 << 3

	iirNone     = 1
	iirTransmit = 2
	iirFIFO     = 0xc0

	fcrEnable  = 1 << 0
	fcrClearRx = 1 << 1

	lcrDLAB = 0x80
	mcrLoop = 0x10

	lsrReady   = 1 << 0
	lsrOverrun = 1 << 1
	lsrEmpty   = 0x60 // transmitter holding register and transmitter are empty

	msrTrailing = 1 << 2 // the ring indicator has gone off
)

// Out writes the register at an offset.
func (u *UART) Out(offset uint16, v uint8) {
	dlab := u.LCR&lcrDLAB != 0
	switch offset {
	case serData:
		if dlab {
			u.Divisor = u.Divisor&0xff00 | uint16(v)
		} else {
			u.send(v)
		}
	case serIER:
		if dlab {
			u.Divisor = u.Divisor&0xff | uint16(v)<<8
		} else {
			u.enable(v & 0xf)
		}
	case serIIR:
		u.control(v)
	case serLCR:
		u.LCR = v
	case serMCR:
		before := u.modem()
		u.MCR = v & 0x1f
		u.modemChanged(before)
	case serSCR:
		u.SCR = v
	}
	u.update()
}

// send transmits a character. The holding register is full for a moment, so that
// the interrupt of its emptiness rises anew.
func (u *UART) send(v uint8) {
	u.Empty = false
	u.update()
	u.Empty = true
	if u.MCR&mcrLoop != 0 {
		u.take(v)
		return
	}
	u.Output = append(u.Output, v)
	u.OutputHash.Uint64(uint64(v))
}

// enable writes the interrupt enable register. Enabling the transmitter's
// interrupt while it is empty raises it.
func (u *UART) enable(v uint8) {
	if v&^u.IER&ierTransmit != 0 {
		u.Empty = true
	}
	u.IER = v
	u.wait()
}

// control writes the FIFO control register (data sheet, 8.5). Changing the mode
// empties the FIFO.
func (u *UART) control(v uint8) {
	if v&fcrClearRx != 0 && v&fcrEnable != 0 || (v^u.FCR)&fcrEnable != 0 {
		u.Held, u.LSR = 0, 0
	}
	u.FCR = 0
	if v&fcrEnable != 0 {
		u.FCR = v & 0xc9
	}
	u.wait()
	u.expect()
}

// modem is the modem lines as the upper half of their register: in loop-back
// RTS, DTR, OUT1 and OUT2 as CTS, DSR, RI and DCD, else clear to send, data set
// ready and carrier.
func (u *UART) modem() uint8 {
	if u.MCR&mcrLoop != 0 {
		return u.MCR<<3&0x10 | u.MCR<<5&0x20 | u.MCR<<4&0xc0
	}
	return 0xb0
}

func (u *UART) modemChanged(before uint8) {
	const ring = 1 << 6
	now := u.modem()
	u.MSR |= (before ^ now) >> 4 &^ msrTrailing
	if before&^now&ring != 0 {
		u.MSR |= msrTrailing
	}
}

// In reads the register at an offset.
func (u *UART) In(offset uint16) (v uint8) {
	dlab := u.LCR&lcrDLAB != 0
	switch offset {
	case serData:
		if dlab {
			return uint8(u.Divisor)
		}
		v = u.read()
	case serIER:
		if dlab {
			return uint8(u.Divisor >> 8)
		}
		return u.IER
	case serIIR:
		v = u.cause()
		if v == iirTransmit {
			u.Empty = false
		}
		if u.FCR&fcrEnable != 0 {
			v |= iirFIFO
		}
	case serLCR:
		return u.LCR
	case serMCR:
		return u.MCR
	case serLSR:
		v, u.LSR = u.LSR|lsrEmpty, 0
		if u.Held > 0 {
			v |= lsrReady
		}
	case serMSR:
		v, u.MSR = u.modem()|u.MSR, 0
	case serSCR:
		return u.SCR
	}
	u.update()
	return v
}

// read takes the oldest character, zero if there is none.
func (u *UART) read() (v uint8) {
	if u.Held == 0 {
		return 0
	}
	v = u.FIFO[0]
	copy(u.FIFO[:], u.FIFO[1:u.Held])
	u.Held--
	u.FIFO[u.Held] = 0
	u.wait()
	u.expect()
	return v
}
