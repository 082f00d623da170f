package dev

import (
	"math"

	"resvirt/hw/bus"
	"resvirt/sim"
)

// PITState is everything mutable of the timer chip and of the port beside it.
type PITState struct {
	Counter [3]counter
	Control uint8 // port 61h as written: gate of counter 2, speaker, parity checks
	Synced  int64 // tick up to which the line is what counter 0 put out
	Heeded  bool  // the line has an effect
}

// PIT is an Intel 8254 as PCs have it: the output of counter 0 is an interrupt
// request, counter 1 once timed the refresh of memory, counter 2 is the
// speaker's and has its gate and output at port 61h.
//
// As long as the interrupt line has no effect, it needs no events: Sync
// computes later what the line would have done.
type PIT struct {
	PITState
	host bus.Host
}

var _ bus.Device = (*PIT)(nil)

// NewPIT returns a timer as after power-on: nothing counts.
func NewPIT(h bus.Host) *PIT {
	p := &PIT{host: h}
	p.Counter[0].Gate, p.Counter[1].Gate = true, true
	return p
}

const pitEdge = 0 // the one kind of event

func (p *PIT) now() int64 { return pitClock.At(p.host.Now()) }

// Sync updates the line to the present time.
func (p *PIT) Sync() { p.sync(p.now()) }

func (p *PIT) sync(n int64) {
	c := &p.Counter[0]
	c.settle(n)
	up := c.out(n)
	if up && c.lastRise(n) > p.Synced {
		p.host.Line(false)
	}
	p.host.Line(up)
	p.Synced = max(p.Synced, n)
}

// Heed tells the timer whether the line has an effect from now on.
func (p *PIT) Heed(on bool) {
	if on != p.Heeded {
		p.Sync()
		p.Heeded = on
		p.schedule(p.now())
	}
}

// schedule asks for the next edge of the output of counter 0.
func (p *PIT) schedule(n int64) {
	p.host.Cancel(pitEdge)
	if !p.Heeded {
		return
	}
	if at := p.Counter[0].nextEdge(n); at != math.MaxInt64 {
		p.host.At(pitClock.Time(at), pitEdge, 0)
	}
}

// Event implements bus.Device.
func (p *PIT) Event(uint16, uint64) {
	n := p.now()
	p.sync(n)
	p.schedule(n)
}

// Save implements bus.Device.
func (p *PIT) Save() any { return p.PITState }

// Load implements bus.Device.
func (p *PIT) Load(s any) { p.PITState = s.(PITState) }

// Hash implements bus.Device.
func (p *PIT) Hash(h *sim.Hasher) {
	for i := range p.Counter {
		p.Counter[i].hash(h)
	}
	h.Uint64(uint64(p.Control))
	h.Uint64(uint64(p.Synced))
	h.Bool(p.Heeded)
}

func (c *counter) hash(h *sim.Hasher) {
	h.Uint64(uint64(c.Mode)<<32 | uint64(c.Access)<<24 | uint64(c.Low)<<16 | uint64(c.Latch))
	h.Uint64(uint64(c.Status)<<32 | uint64(c.Reload))
	for _, b := range [...]bool{c.BCD, c.Gate, c.HalfWritten, c.HalfRead, c.Latched, c.StatusLatched, c.Null, c.Pending, c.LowHalf, c.Loaded, c.Stopped, c.Rose} {
		h.Bool(b)
	}
	h.Uint64(uint64(c.At))
	h.Uint64(uint64(c.Count))
	h.Uint64(uint64(c.Start))
	h.Uint64(uint64(c.Elapsed))
}
