package main

import (
	"slices"
	"testing"
)

// A byte that is added again after recovery is not there twice, wherever the
// first attempt was cut off, and the rest of a line that was full is printed.
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
	finishLine()
	if d.lineLen != 0 || d.linePos != 0 || consoleMid {
		t.Errorf("length %d, position %d, half a line %v", d.lineLen, d.linePos, consoleMid)
	}
	d.addByte('x')
	finishLine()
	if d.lineLen != 7 {
		t.Error("a line without its end was printed")
	}
}
