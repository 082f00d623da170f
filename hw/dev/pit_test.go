package dev

import (
	"testing"

	"resvirt/hw/bus"
	"resvirt/sim"
)

func TestClock(t *testing.T) {
	for _, c := range []Clock{pitClock, pmClock} {
		for _, n := range []int64{0, 1, 2, 104, 105, 106, 1193182, 1 << 40} {
			at := c.Time(n)
			if c.At(at) != n || n > 0 && c.At(at-1) != n-1 {
				t.Errorf("tick %d at %d ps, which is tick %d", n, int64(at), c.At(at))
			}
		}
	}
	if n := pitClock.At(sim.Second); n != 1193181 {
		t.Errorf("%d ticks a second", n)
	}
}

// wave is a counter's output at ticks 0 to n after a control word, a count at
// tick 0 and perhaps more at later ticks: '^' high, '_' low.
func wave(c *counter, n int64, at map[int64]func(n int64)) (s string) {
	for i := range n {
		if f := at[i]; f != nil {
			f(i)
		}
		c.settle(i)
		if c.out(i) {
			s += "^"
		} else {
			s += "_"
		}
	}
	return s
}

// TestWaves: the timing diagrams of the 82C54 data sheet, figures 15 to 20. The
// count is written at tick 0 and loaded at tick 1.
func TestWaves(t *testing.T) {
	const low = accessLow
	for _, x := range []struct {
		name        string
		mode, count uint8
		gate        bool
		then        func(c *counter) map[int64]func(int64)
		want        string
	}{
		{"mode 0", 0, 4, true, nil, "_____^^^^^"},
		{"mode 0, gate low for 2", 0, 3, true, func(c *counter) map[int64]func(int64) {
			return map[int64]func(int64){2: func(n int64) { c.setGate(n, false) }, 4: func(n int64) { c.setGate(n, true) }}
		}, "______^^^^"},
		{"mode 0, new count", 0, 3, true, func(c *counter) map[int64]func(int64) {
			return map[int64]func(int64){3: func(n int64) { c.write(n, 2) }}
		}, "______^^^^"},
		{"mode 0, gate low", 0, 3, false, nil, "__________"},
		{"mode 1", 1, 3, false, func(c *counter) map[int64]func(int64) {
			return map[int64]func(int64){2: func(n int64) { c.setGate(n, true) }}
		}, "^^^___^^^^"},
		{"mode 1, retriggered", 1, 3, false, func(c *counter) map[int64]func(int64) {
			return map[int64]func(int64){
				1: func(n int64) { c.setGate(n, true) }, 2: func(n int64) { c.setGate(n, false) }, 3: func(n int64) { c.setGate(n, true) },
			}
		}, "^^_____^^^"},
		{"mode 2", 2, 3, true, nil, "^^^_^^_^^_^^"},
		{"mode 2, new count", 2, 4, true, func(c *counter) map[int64]func(int64) {
			return map[int64]func(int64){2: func(n int64) { c.write(n, 3) }}
		}, "^^^^_^^_^^_^"},
		{"mode 2, gate", 2, 3, true, func(c *counter) map[int64]func(int64) {
			return map[int64]func(int64){3: func(n int64) { c.setGate(n, false) }, 5: func(n int64) { c.setGate(n, true) }}
		}, "^^^^^^^^_^^_"},
		{"mode 3, even", 3, 4, true, nil, "^^^__^^__^^__"},
		{"mode 3, odd", 3, 5, true, nil, "^^^^__^^^__^^^__"},
		{"mode 3, new count in the high half", 3, 6, true, func(c *counter) map[int64]func(int64) {
			return map[int64]func(int64){2: func(n int64) { c.write(n, 4) }}
		}, "^^^^__^^__^^__"},
		{"mode 3, new count in the low half", 3, 6, true, func(c *counter) map[int64]func(int64) {
			return map[int64]func(int64){5: func(n int64) { c.write(n, 2) }}
		}, "^^^^___^_^_^_"},
		{"mode 4", 4, 3, true, nil, "^^^^_^^^^"},
		{"mode 4, new count", 4, 3, true, func(c *counter) map[int64]func(int64) {
			return map[int64]func(int64){3: func(n int64) { c.write(n, 2) }}
		}, "^^^^^^_^^"},
		{"mode 5", 5, 2, false, func(c *counter) map[int64]func(int64) {
			return map[int64]func(int64){2: func(n int64) { c.setGate(n, true) }}
		}, "^^^^^_^^"},
	} {
		c := &counter{Gate: x.gate}
		c.program(low<<4 | x.mode<<1)
		if c.out(0) != (x.mode != 0) {
			t.Errorf("%s: wrong output after the control word", x.name)
		}
		c.write(0, x.count)
		var then map[int64]func(int64)
		if x.then != nil {
			then = x.then(c)
		}
		if got := wave(c, int64(len(x.want)), then); got != x.want {
			t.Errorf("%s: %s, want %s", x.name, got, x.want)
		}
	}
}

// TestCounts: what is read at ticks from 1 on; figures 15 to 20 again, and BCD.
func TestCounts(t *testing.T) {
	for _, x := range []struct {
		control uint8
		count   uint16
		want    []uint16
	}{
		{0x30, 2, []uint16{2, 1, 0, 0xffff, 0xfffe}},
		{0x34, 3, []uint16{3, 2, 1, 3, 2, 1, 3}},
		{0x36, 4, []uint16{4, 2, 4, 2, 4}},
		{0x36, 5, []uint16{4, 2, 0, 4, 2, 4, 2, 0}},
		{0x38, 1, []uint16{1, 0, 0xffff}},
		{0x31, 0x100, []uint16{0x100, 0x99, 0x98}},
		{0x31, 0, []uint16{0, 0x9999, 0x9998}},
		{0x30, 0, []uint16{0, 0xffff, 0xfffe}},
	} {
		c := &counter{Gate: true}
		c.program(x.control)
		c.write(0, uint8(x.count))
		c.write(0, uint8(x.count>>8))
		for i, want := range x.want {
			n := int64(1 + i)
			c.settle(n)
			if got := c.encode(c.value(n)); got != want {
				t.Errorf("control word %#x, count %#x: %#x at tick %d, want %#x", x.control, x.count, got, n, want)
			}
		}
	}
}

// TestEdges compares the jumps from edge to edge with a walk tick by tick.
func TestEdges(t *testing.T) {
	r := sim.Stream(3, t.Name())
	for range 400 {
		c := &counter{Gate: true}
		mode := []uint8{0, 2, 3, 4}[r.IntN(4)]
		c.program(accessLow<<4 | mode<<1)
		c.write(0, uint8(2+r.IntN(20)))
		if r.IntN(2) == 0 {
			n := int64(1 + r.IntN(60))
			c.write(n, uint8(2+r.IntN(20)))
		}
		w := *c
		from := int64(70)
		w.settle(from)
		rises, level := int64(-1), w.out(from)
		next := w.nextEdge(from)
		for n := from + 1; n < from+80; n++ {
			now := w.out(n)
			if now && !level {
				rises = n
			}
			if next == n && !now {
				if mode != 3 {
					t.Fatalf("mode %d: an edge is announced for %d, and there is none", mode, n)
				}
			}
			if now && !level && n < next || now != level && mode == 3 && n < next {
				t.Fatalf("mode %d: edge at %d before that announced for %d: %+v", mode, n, next, w)
			}
			if got := w.lastRise(n); rises >= 0 && got != rises {
				t.Fatalf("mode %d: last rise before %d is said to be at %d, is at %d", mode, n, got, rises)
			}
			level = now
			if n == next {
				next = w.nextEdge(n)
			}
		}
	}
}

// TestReadBack: latches, the read-back command and the status byte.
func TestReadBack(t *testing.T) {
	b := &board{}
	p := NewPIT(b)
	tick := func(n int64) { b.now = pitClock.Time(n) }
	p.Out(3, 0x74) // counter 1, both bytes, mode 2
	p.Out(3, 0xe4) // status of counter 1
	if got := p.In(1); got != 0xf4 {
		t.Errorf("status before a count: %#x", got)
	}
	p.Out(1, 0x34)
	p.Out(1, 0x12)
	tick(5)
	p.Out(3, 0x40) // latch
	tick(100)
	p.Out(3, 0xc4) // both: the count is latched already
	if got := []uint8{p.In(1), p.In(1), p.In(1)}; got[0] != 0xb4 || got[1] != 0x30 || got[2] != 0x12 {
		t.Errorf("status and latched count: % x", got)
	}
	if got := []uint8{p.In(1), p.In(1)}; got[0] != 0xd1 || got[1] != 0x11 {
		t.Errorf("count: % x", got)
	}
	if p.In(3) != 0xff {
		t.Error("the control word can be read")
	}
}

// TestControlPort: gate and output of counter 2, and the refresh bit.
func TestControlPort(t *testing.T) {
	b := &board{}
	p := NewPIT(b)
	c := ControlPort{p}
	p.Out(3, 0xb0) // counter 2, mode 0
	c.Out(0, 1)
	p.Out(2, 100)
	p.Out(2, 0)
	b.now = pitClock.Time(100)
	if got := c.In(0); got != 0x11 {
		t.Errorf("port 61h is %#x before the end of the count", got)
	}
	b.now = pitClock.Time(101)
	if got := c.In(0) &^ ctlRefresh; got != 0x21 {
		t.Errorf("port 61h is %#x after the end of the count", got)
	}
	if b.queue.Len() != 0 || b.line {
		t.Error("counter 2 interrupts")
	}
}

// TestTimerInterrupt: a thousand interrupts a second when heeded, no event when not.
func TestTimerInterrupt(t *testing.T) {
	b := &board{}
	p := NewPIT(b)
	program := func(d bus.Device) {
		p := d.(*PIT)
		p.Out(3, 0x34)
		p.Out(0, 1193&0xff)
		p.Out(0, 1193>>8)
	}
	program(p)
	b.run(p, sim.Second)
	if b.events != 0 || len(b.rises) != 1 {
		t.Errorf("unheeded: %d events, %d rises", b.events, len(b.rises))
	}
	p.Heed(true)
	if len(b.rises) != 2 {
		t.Error("the missed rise is not caught up with")
	}
	b.run(p, 2*sim.Second)
	if n := len(b.rises) - 2; n != 1000 || b.events != 1000 {
		t.Errorf("heeded: %d rises with %d events in a second", n, b.events)
	}
	same(t, p, NewPIT(&board{now: b.now}), program)
	p.Heed(false)
	if b.queue.Len() != 0 {
		t.Error("unheeded again, but an event is pending")
	}
}

// TestOneShot: mode 0 and mode 4, as tickless kernels use them.
func TestOneShotTimer(t *testing.T) {
	for _, control := range []uint8{0x30, 0x38} {
		b := &board{}
		p := NewPIT(b)
		p.Heed(true)
		p.Out(3, control)
		b.rises = nil
		p.Out(0, 100)
		p.Out(0, 0)
		b.run(p, sim.Second)
		at := pitClock.Time(101)
		if control == 0x38 {
			at = pitClock.Time(102)
		}
		if len(b.rises) != 1 || b.rises[0] != at {
			t.Errorf("control word %#x: rises at %v, want %v", control, b.rises, at)
		}
	}
}
