package dev

import "math"

// lastRise is the last tick up to n at which OUT rose, given that n is settled;
// -1 if it has not risen since the count was loaded.
func (c *counter) lastRise(n int64) int64 {
	if !c.Loaded {
		return -1
	}
	count := int64(c.Count)
	at := c.Start + count
	switch c.Mode {
	case 2, 3:
		k := c.elapsed(n) / count
		if k == 0 && !c.Rose {
			return -1
		}
		return c.Start + k*count
	case 4, 5:
		at++
	}
	if at > n {
		return -1
	}
	return at
}

// nextEdge is the next tick after n at which OUT changes for more than a tick,
// or at which a new count is loaded; the falling edge of a pulse of one tick
// does not count, because its rising edge follows at once.
func (c *counter) nextEdge(n int64) int64 {
	next := int64(math.MaxInt64)
	if c.Pending {
		next = c.At
	}
	if !c.Loaded || c.Stopped {
		return next
	}
	count := int64(c.Count)
	at := c.Start + count
	switch c.Mode {
	case 2, 3:
		begin := c.Start + c.elapsed(n)/count*count
		at = begin + count
		if c.Mode == 3 && begin+c.half() > n {
			at = begin + c.half()
		}
	case 4, 5:
		at++
	}
	if at > n {
		next = min(next, at)
	}
	return next
}
