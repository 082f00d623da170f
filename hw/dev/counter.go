package dev

// counter is one of the three counters of an 8254. Its count is not updated at
// each tick, but computed from the tick at which counting began.
//
// Intel 82C54 data sheet (231244), "Mode Definitions".
type counter struct {
	Mode   uint8 // 0 to 5
	BCD    bool
	Access uint8 // which bytes of the count are transferred: 1 low, 2 high, 3 both
	Gate   bool

	Low                    uint8 // first byte of a count of which the second is to come
	HalfWritten, HalfRead  bool
	Latched, StatusLatched bool
	Latch                  uint16
	Status                 uint8

	Reload  uint32 // the count register
	Null    bool   // Reload is not in the counting element yet
	Pending bool   // the load is due at tick At; else a trigger is awaited
	At      int64
	LowHalf bool // mode 3: it gets there in the middle of the square wave

	// The counting element held Count at tick Start. With the gate low it has
	// stood still since Elapsed ticks after that.
	Loaded  bool // since the last control word
	Count   uint32
	Start   int64
	Stopped bool
	Elapsed int64
	Rose    bool // OUT rose at Start
}

// modulus is the number of different counts.
func (c *counter) modulus() uint32 {
	if c.BCD {
		return 10000
	}
	return 65536
}

// program executes a control word (data sheet, "Control Word Format").
func (c *counter) program(v uint8) {
	mode := v >> 1 & 7
	if mode > 5 {
		mode -= 4
	}
	*c = counter{Mode: mode, BCD: v&1 != 0, Access: v >> 4 & 3, Gate: c.Gate, Null: true, Count: c.Count}
}

// periodic tells whether the counter starts over by itself.
func (c *counter) periodic() bool { return c.Mode == 2 || c.Mode == 3 }

// triggered tells whether a rising gate begins the count, which a write does not.
func (c *counter) triggered() bool { return c.Mode == 1 || c.Mode == 5 }

// settle carries out the load that is due at tick n or before.
func (c *counter) settle(n int64) {
	if !c.Pending || n < c.At {
		return
	}
	c.Rose = c.periodic() && c.Loaded && !c.LowHalf
	c.Pending, c.Null, c.Loaded = false, false, true
	c.Count, c.Start, c.Elapsed = c.Reload, c.At, 0
	if c.LowHalf {
		c.Start -= c.half()
	}
	c.Stopped = !c.Gate && !c.triggered()
}

// load accepts a whole count, written at tick n.
func (c *counter) load(n int64, v uint16) {
	c.Reload = c.decode(v)
	c.Null, c.LowHalf = true, false
	switch {
	case c.triggered():
		return
	case c.periodic() && c.Loaded && !c.Stopped:
		at := c.elapsed(n) / int64(c.Count) * int64(c.Count)
		if c.LowHalf = c.Mode == 3 && c.out(n); c.LowHalf {
			at += c.half()
		} else {
			at += int64(c.Count)
		}
		c.At = c.Start + at
	default:
		c.Loaded = c.Loaded && c.Mode != 0 // OUT goes low at once
		c.At = n + 1
	}
	c.Pending = true
}

// setGate drives the gate input at tick n.
func (c *counter) setGate(n int64, up bool) {
	if up == c.Gate {
		return
	}
	c.settle(n)
	c.Gate = up
	switch {
	case up && c.triggered(), up && c.periodic() && c.Loaded:
		if c.Reload != 0 {
			c.Pending, c.At, c.LowHalf = true, n+1, false
		}
	case c.triggered():
	case !up && c.Loaded && !c.Stopped:
		c.Elapsed, c.Stopped = c.elapsed(n), true
	case up && c.Stopped:
		c.Start, c.Stopped = n-c.Elapsed, false
	}
}

func (c *counter) elapsed(n int64) int64 {
	if c.Stopped {
		return c.Elapsed
	}
	return max(n-c.Start, 0)
}

// half is the number of ticks for which the output of mode 3 is high.
func (c *counter) half() int64 { return int64(c.Count+1) / 2 }

// out is the output at tick n.
func (c *counter) out(n int64) bool {
	if !c.Loaded {
		return c.Mode != 0
	}
	el, count := c.elapsed(n), int64(c.Count)
	switch c.Mode {
	case 0, 1:
		return el >= count
	case 2:
		return c.Stopped || el%count != count-1
	case 3:
		return c.Stopped || el%count < c.half()
	}
	return el != count
}

// value is what the counting element holds at tick n, in binary.
func (c *counter) value(n int64) uint32 {
	if !c.Loaded {
		return c.Count % c.modulus()
	}
	el, count, m := c.elapsed(n), int64(c.Count), int64(c.modulus())
	switch c.Mode {
	case 2:
		return uint32((count - el%count) % m)
	case 3: // counts by two, twice in a period
		el %= count
		if el >= c.half() {
			el -= c.half()
		}
		return uint32((count&^1 - 2*el) % m)
	}
	return uint32(((count-el)%m + m) % m)
}

// decode turns a count as written into a number of ticks.
func (c *counter) decode(v uint16) uint32 {
	n := uint32(v)
	if c.BCD {
		n = (n>>12*1000 + n>>8&15*100 + n>>4&15*10 + n&15) % 10000
	}
	if n == 0 {
		n = c.modulus()
	}
	return n
}

// encode is the reverse.
func (c *counter) encode(n uint32) uint16 {
	if c.BCD {
		return uint16(n/1000<<12 | n/100%10<<8 | n/10%10<<4 | n%10)
	}
	return uint16(n)
}
