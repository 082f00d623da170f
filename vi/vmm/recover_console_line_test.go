package main

import (
	"slices"
	"testing"
	"unsafe"
)

// A byte that is added again after recovery is printed only once, wherever the
// first attempt was cut off, and recovery prints the rest of a complete line.
func TestLinesAfterRecovery(t *testing.T) {
	recoverable(t)
	d, _ := newDomain(t, 12)
	for _, b := range []byte("ab\n") {
		if full := d.addByte(b); full != (b == '\n') {
			t.Errorf("after %q: full %v", b, full)
		}
	}
	if got := d.line[:d.lineLen]; !slices.Equal(got, []byte("(d12) ab\n")) {
		t.Errorf("line %q", got)
	}
	d.linePos, consoleMid = 4, true
	consoleLine()
	if d.lineLen != 0 || d.linePos != 0 || consoleMid {
		t.Errorf("length %d, position %d, half a line %v", d.lineLen, d.linePos, consoleMid)
	}
	d.addByte('x')
	consoleLine()
	if d.lineLen != 7 {
		t.Error("a line without its end was printed")
	}
}

// The byte that completed a line counts as done when recovery has printed the
// line, even if the hypercall had not logged it.
func TestLastByteOfLine(t *testing.T) {
	for _, x := range []struct {
		line  uint64
		again bool
		want  uint64
	}{
		{2<<32 | 8, true, 3},
		{2<<32 | 7, true, 2},
		{1<<32 | 8, true, 2},
		{2<<32 | 8, false, 2},
	} {
		recoverable(t)
		d, v := newDomain(t, 12)
		for _, b := range []byte("ab\n") {
			d.addByte(b)
		}
		log := &v.arch.log
		log.resume, log.line, log.again = 2, x.line, x.again
		consoleLine()
		if log.resume != x.want || d.lineLen != 0 {
			t.Errorf("%+v: %d bytes done, %d left", x, log.resume, d.lineLen)
		}
	}
}

// A byte that was sent and not yet counted is counted by recovery, and no other.
func TestKeepLine(t *testing.T) {
	recoverable(t)
	d, _ := newDomain(t, 12)
	copy(d.line[:], "(d12) abc\n")
	count := addrOf(unsafe.Pointer(&d.linePos))
	at := func(i int) uint64 { return addrOf(unsafe.Pointer(&d.line[i])) }
	for _, x := range []struct {
		what    string
		rcx     uint64
		rsi     uint64
		trapped bool
		want    uint32
	}{
		{"about to be sent", count, at(7), true, 7},
		{"sent", count, at(8), true, 8},
		{"other code", count + 4, at(8), true, 7},
		{"no domain", 0x1234, at(8), true, 7},
		{"registers of an earlier exception", count, at(8), false, 7},
	} {
		d.lineLen, d.linePos = 10, 7
		c := testCPU
		c.trapped = x.trapped
		c.trap.RCX, c.trap.RSI = x.rcx, x.rsi
		if keepLine(c); d.linePos != x.want {
			t.Errorf("%s: byte %d is next, should be %d", x.what, d.linePos, x.want)
		}
	}
	testCPU.trapped = false
}
