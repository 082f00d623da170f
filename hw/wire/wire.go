// Package wire is the network: full-duplex Ethernet links between two ends each, a switch
// that joins several of them, and modelled hosts.
package wire

import (
	"bytes"
	"slices"

	"resvirt/hw/bus"
	"resvirt/models"
	"resvirt/sim"
)

// Receiver is the device at an end. Ethernet frames come without checksum and must not
// be changed.
type Receiver interface {
	Receive(frame []byte)
}

// Tap sees every frame as it arrives, and from which end. It belongs to the
// host and must not change anything.
type Tap func(t sim.Time, from int, frame []byte)

// State is everything mutable of a wire. It is plain data.
type State [2]Direction

// Direction is one direction, named by the end that frames come from.
type Direction struct {
	Busy   sim.Time // the time until which the sender is busy
	Frames [][]byte // under way, the oldest first; never changed
}

// Wire is the link.
type Wire struct {
	state State
	ends  [2]Receiver
	host  bus.Host
	time  *models.Timing
	tap   Tap
}

var _ bus.Device = (*Wire)(nil)

// overhead is what a frame takes on the wire besides its bytes: preamble,
// checksum and gap (IEEE 802.3, 3.1 and 4.4.2).
const overhead = 8 + 4 + 12

// New returns a wire with nothing at its ends.
func New(host bus.Host, t *models.Timing) *Wire { return &Wire{host: host, time: t} }

// End is one end as a sender sees it.
type End struct {
	w    *Wire
	from int
}

// Attach puts a receiver at an end, 0 or 1, and returns the end to send from.
func (w *Wire) Attach(end int, r Receiver) End {
	w.ends[end] = r
	return w.End(end)
}

// End is an end to send from, of which the receiver is attached later.
func (w *Wire) End(end int) End { return End{w, end} }

// Tap lets the host see frames from now on; nil ends that.
func (w *Wire) Tap(t Tap) { w.tap = t }

// Send sends a copy of a frame as soon as the end is free, and returns when it
// is free again.
func (e End) Send(frame []byte) sim.Time { return e.SendAfter(frame, 0) }

// Waiting is how many frames from this end have not arrived.
func (e End) Waiting() int { return len(e.w.state[e.from].Frames) }

// SendAfter is Send, but not before a delay is over.
func (e End) SendAfter(frame []byte, delay sim.Time) sim.Time {
	w, d := e.w, &e.w.state[e.from]
	d.Busy = max(d.Busy, w.host.Now()+delay) + sim.Time(len(frame)+overhead)*w.time.WireByte
	d.Frames = append(d.Frames, bytes.Clone(frame))
	w.host.At(d.Busy+w.time.WireLatency, 0, uint64(e.from))
	return d.Busy
}

// Event implements bus.Device: the oldest frame from an end arrives.
func (w *Wire) Event(_ uint16, from uint64) {
	d := &w.state[from]
	frame := d.Frames[0]
	d.Frames = d.Frames[1:]
	if w.tap != nil {
		w.tap(w.host.Now(), int(from), frame)
	}
	if r := w.ends[1-from]; r != nil {
		r.Receive(frame)
	}
}

// Save implements bus.Device.
func (w *Wire) Save() any { return w.state.clone() }

// Load implements bus.Device.
func (w *Wire) Load(state any) {
	s := state.(State)
	w.state = s.clone()
}

func (s State) clone() State {
	for i := range s {
		s[i].Frames = slices.Clone(s[i].Frames)
	}
	return s
}

// Hash implements bus.Device.
func (w *Wire) Hash(h *sim.Hasher) {
	for _, d := range w.state {
		h.Uint64(uint64(d.Busy))
		h.Uint64(uint64(len(d.Frames)))
		for _, f := range d.Frames {
			h.Bytes(f)
		}
	}
}
