package models

import (
	"testing"

	"resvirt/sim"
)

func TestDefaultIsValid(t *testing.T) {
	d := DefaultTiming()
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	for c := range Class(NumClasses) {
		if c.String() == "" || c.String() == "unknown" {
			t.Errorf("class %d has no name", c)
		}
		if d.Cost[c]%sim.Picosecond != 0 || d.Cost[c] > 10*sim.Microsecond {
			t.Errorf("class %v costs %v", c, d.Cost[c])
		}
	}
}

func TestValidateRefuses(t *testing.T) {
	d := DefaultTiming()
	d.Cost[Port] = 0
	if d.Validate() == nil {
		t.Error("a free instruction class passes: a loop of it would never end")
	}
	d = DefaultTiming()
	d.IPILatency = -1
	if d.Validate() == nil {
		t.Error("a negative latency passes")
	}
}

func TestDigestSeesEveryFigure(t *testing.T) {
	d := DefaultTiming()
	seen := map[sim.Digest]bool{d.Digest(): true}
	for c := range d.Cost {
		e := d
		e.Cost[c]++
		if seen[e.Digest()] {
			t.Errorf("the digest does not see the cost of %v", Class(c))
		}
		seen[e.Digest()] = true
	}
	e := d
	e.SIPILatency++
	if seen[e.Digest()] {
		t.Error("the digest does not see latencies")
	}
}

// TestFrameCheckAnchor prices the loop that checks page-frame descriptors (load
// the counts, the type and the owner, compare them, count, go on; some 16 to 24
// simple instructions as compiled Go has them) against the published 10 ns.
func TestFrameCheckAnchor(t *testing.T) {
	d := DefaultTiming()
	for _, n := range []sim.Time{16, 24} {
		if got := n * d.Cost[Simple]; got < PublishedFrameCheck/2 || got > PublishedFrameCheck*2 {
			t.Errorf("a frame check of %d simple instructions takes %v, published is %v", n, got, PublishedFrameCheck)
		}
	}
}

// TestRebootAnchor checks that the published steps sum up to the published 412 ms.
func TestRebootAnchor(t *testing.T) {
	var sum sim.Time
	for _, s := range PublishedReboot() {
		sum += s.Time
	}
	if sum != 412*sim.Millisecond {
		t.Errorf("hardware initialisation sums up to %v, published is 412 ms", sum)
	}
}
