package dev

import (
	"testing"

	"resvirt/hw/bus"
	"resvirt/sim"
)

// board is the machine of a test: it has a clock and notes what the device does.
type board struct {
	now    sim.Time
	queue  sim.Queue
	line   bool
	rises  []sim.Time // of the line
	events int
}

var _ bus.Host = (*board)(nil)

func (b *board) Now() sim.Time { return b.now }

func (b *board) At(t sim.Time, what uint16, data uint64) { b.queue.Add(max(t, b.now), what, 0, data) }

func (b *board) Cancel(what uint16) { b.queue.Remove(what, 0) }

func (b *board) Line(up bool) {
	if up && !b.line {
		b.rises = append(b.rises, b.now)
	}
	b.line = up
}

func (b *board) Message(uint64, uint32)  {}
func (b *board) ReadRAM(uint64, []byte)  {}
func (b *board) WriteRAM(uint64, []byte) {}

// run lets time pass for a device.
func (b *board) run(d bus.Device, until sim.Time) {
	for {
		e, ok := b.queue.Pop(until)
		if !ok {
			break
		}
		b.now = e.Time
		b.events++
		d.Event(e.Kind, e.B)
	}
	b.now = until
}

func digest(d bus.Device) sim.Digest {
	var h sim.Hasher
	d.Hash(&h)
	return h.Sum()
}

// same checks that a fresh device goes on as the one whose state it loads: step
// is done with both.
func same(t *testing.T, d, fresh bus.Device, step func(bus.Device)) {
	t.Helper()
	fresh.Load(d.Save())
	if digest(d) != digest(fresh) {
		t.Error("a loaded device has another digest")
	}
	step(d)
	step(fresh)
	if digest(d) != digest(fresh) {
		t.Error("a loaded device goes on otherwise")
	}
}
