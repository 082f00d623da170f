package dev

import (
	"testing"

	"resvirt/hw/bus"
	"resvirt/sim"
)

// setUp runs the sequence by which drivers set up a 16550: 115200 baud, 8 data
// bits, FIFOs with a trigger level of 14.
func setUp(u *UART) {
	for _, w := range [][2]uint8{{serIER, 0}, {serLCR, 0x80}, {serData, 1}, {serIER, 0}, {serLCR, 3}, {serIIR, 0xc7}, {serMCR, 0x0b}, {serSCR, 0x5a}} {
		u.Out(uint16(w[0]), w[1])
	}
}

func TestUARTOutput(t *testing.T) {
	b := &board{}
	u := NewUART(b)
	setUp(u)
	for _, r := range [][2]uint8{{serLSR, 0x60}, {serSCR, 0x5a}, {serIIR, 0xc1}, {serData, 0}, {serMSR, 0xb0}, {serIER, 0}} {
		if got := u.In(uint16(r[0])); got != r[1] {
			t.Errorf("register %d reads %#x, want %#x", r[0], got, r[1])
		}
	}
	for _, c := range []byte("hello\n") {
		u.Out(serData, c)
	}
	if string(u.Output) != "hello\n" || b.line || b.queue.Len() != 0 {
		t.Errorf("output %q, line %v", u.Output, b.line)
	}
	same(t, u, NewUART(&board{}), func(d bus.Device) { d.(*UART).Out(serData, 'x') })
	if string(u.Output) != "hello\nx" {
		t.Errorf("output %q", u.Output)
	}
}

// TestUARTTransmitInterrupt: it rises when enabled and after each character, and
// falls when the cause is read.
func TestUARTTransmitInterrupt(t *testing.T) {
	b := &board{}
	u := NewUART(b)
	setUp(u)
	u.Out(serIER, ierTransmit)
	if !b.line || u.In(serIIR) != 0xc2 || b.line || u.In(serIIR) != 0xc1 {
		t.Error("enabling it is no interrupt, or reading its cause does not end it")
	}
	u.Out(serData, 'a')
	u.Out(serData, 'b')
	if len(b.rises) != 3 || !b.line {
		t.Errorf("%d rises after two characters, want 3", len(b.rises))
	}
}

// TestUARTInput: characters come with the speed of the line, wait while there is
// no room, and none is lost.
func TestUARTInput(t *testing.T) {
	b := &board{}
	u := NewUART(b)
	setUp(u)
	u.Out(serIER, ierReceive)
	const text = "twenty-one characters"
	u.Receive([]byte(text[:5]))
	u.Receive([]byte(text[5:]))
	char := u.character()
	if us := char / sim.Microsecond; us != 86 {
		t.Errorf("a character takes %v", char)
	}
	b.run(u, 13*char)
	if b.line || u.In(serLSR) != lsrEmpty|lsrReady || u.Held != 13 {
		t.Errorf("after 13 times: line %v, %d held", b.line, u.Held)
	}
	b.run(u, 14*char)
	if !b.line || u.In(serIIR) != 0xc4 {
		t.Error("no interrupt at the trigger level")
	}
	b.run(u, 30*char)
	if u.Held != 16 || u.LSR != 0 || b.queue.Len() != 0 {
		t.Errorf("%d held, errors %#x, %d events", u.Held, u.LSR, b.queue.Len())
	}
	same(t, u, NewUART(&board{now: b.now}), func(d bus.Device) { d.(*UART).In(serData) })
	got := text[:1]
	for u.In(serLSR)&lsrReady != 0 {
		got += string(rune(u.In(serData)))
	}
	if b.line {
		t.Error("interrupt after all was read")
	}
	b.run(u, 40*char)
	if !b.line || u.In(serIIR) != 0xcc { // five more, below the trigger level
		t.Errorf("no timeout of characters: cause %#x, %d held", u.In(serIIR), u.Held)
	}
	for u.In(serLSR)&lsrReady != 0 {
		got += string(rune(u.In(serData)))
	}
	if got != text || b.line {
		t.Errorf("received %q, line %v", got, b.line)
	}
}

// TestUARTLoopback is how drivers probe for the chip.
func TestUARTLoopback(t *testing.T) {
	b := &board{}
	u := NewUART(b)
	u.Out(serMCR, 0x1e|mcrLoop)
	u.Out(serData, 0xae)
	if got := u.In(serMSR); got != 0xd2 { // RTS, OUT1, OUT2 on, DTR off: DSR has changed
		t.Errorf("modem status in loop-back: %#x", got)
	}
	if u.In(serLSR)&lsrReady == 0 || u.In(serData) != 0xae || len(u.Output) != 0 {
		t.Errorf("loop-back does not bring back what was sent; output %q", u.Output)
	}
	u.Out(serData, 1)
	u.Out(serData, 2)
	if got := u.In(serLSR); got != lsrEmpty|lsrReady|lsrOverrun || u.In(serLSR)&lsrOverrun != 0 || u.In(serData) != 2 {
		t.Errorf("line status %#x after an overrun", got)
	}
	u.Out(serIER, ierModem)
	u.Out(serMCR, mcrLoop)
	if !b.line || u.In(serIIR) != 0 || u.In(serMSR)&msrTrailing == 0 || b.line {
		t.Error("no interrupt of modem lines")
	}
}
