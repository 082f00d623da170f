package dev

import (
	"bytes"
	"testing"

	"resvirt/sim"
)

func digest(s *Serial) sim.Digest {
	var h sim.Hasher
	s.Hash(&h)
	return h.Sum()
}

// TestSerialInit runs the sequence by which drivers set up a 16550.
func TestSerialInit(t *testing.T) {
	var s Serial
	for _, w := range [][2]uint8{{serIER, 0}, {serLCR, 0x80}, {serData, 1}, {serIER, 2}, {serLCR, 3}, {serIIR, 0xc7}, {serMCR, 0x0b}, {serSCR, 0x5a}} {
		s.Out(uint16(w[0]), w[1])
	}
	if s.Divisor != 0x201 || s.LCR != 3 || len(s.Output) != 0 {
		t.Fatalf("after setup: %+v", s)
	}
	for _, r := range [][2]uint8{{serLSR, 0x60}, {serSCR, 0x5a}, {serIIR, 0xc1}, {serData, 0}, {serMSR, 0xb0}} {
		if got := s.In(uint16(r[0])); got != r[1] {
			t.Errorf("register %d reads %#x, want %#x", r[0], got, r[1])
		}
	}
	for _, b := range []byte("hello\n") {
		s.Out(serData, b)
	}
	if !bytes.Equal(s.Output, []byte("hello\n")) {
		t.Errorf("output %q", s.Output)
	}
}

// TestSerialClone checks that a copy and its original go separate ways.
func TestSerialClone(t *testing.T) {
	var a Serial
	a.Out(serData, 'a')
	b := a.Clone()
	if digest(&a) != digest(&b) {
		t.Fatal("a copy has another digest")
	}
	a.Out(serData, 'x')
	b.Out(serData, 'y')
	if string(a.Output) != "ax" || string(b.Output) != "ay" || digest(&a) == digest(&b) {
		t.Errorf("outputs %q and %q", a.Output, b.Output)
	}
}

// TestSerialLoopback is how drivers probe for the chip.
func TestSerialLoopback(t *testing.T) {
	var s Serial
	s.Out(serMCR, 0x1e|mcrLoop)
	s.Out(serData, 0xae)
	if got := s.In(serMSR) & 0xf0; got != 0xd0 { // RTS, OUT1, OUT2 on, DTR off
		t.Errorf("modem status in loop-back: %#x", got)
	}
	if len(s.Output) != 0 {
		t.Errorf("loop-back reached the line: %q", s.Output)
	}
}
