package wire

import (
	"resvirt/hw/bus"
	"resvirt/sim"
)

// Switch is an Ethernet switch (IEEE 802.1D, 7): each of its ports is one end of a wire.
// It learns which port a station is behind from the frames that the station sends; a frame
// for a station that it does not know, or for several, leaves by all other ports. What is
// learned does not age, but the newest frame counts: a station that moves is found again
// with the first frame that it sends.
type Switch struct {
	table [switchEntries]entry
	next  int // the place of the next station that is learned
	ports []*port
	host  bus.Host
	tap   Tap
}

// entry says which port a station is behind.
type entry struct {
	mac  mac
	port int
	used bool
}

// Limits of a switch.
const (
	switchEntries = 64
	switchQueue   = 128 // frames that wait to leave by one port; the next are lost

	// switchLatency is from the last bit of a frame that comes in to the first that leaves
	// by a free port. Estimate: vendors state one to a few microseconds.
	switchLatency = 2 * sim.Microsecond
)

// port is a port of a switch as its wire sees it.
type port struct {
	s      *Switch
	number int
	out    End
}

var _ bus.Device = (*Switch)(nil)

// NewSwitch returns a switch without ports.
func NewSwitch(host bus.Host) *Switch { return &Switch{host: host} }

// Plug makes end 1 of a wire the switch's next port.
func (s *Switch) Plug(w *Wire) {
	p := &port{s: s, number: len(s.ports)}
	p.out = w.Attach(1, p)
	s.ports = append(s.ports, p)
}

// Tap lets the host see each frame once, when the switch has it, and from which port.
func (s *Switch) Tap(t Tap) { s.tap = t }

// Receive implements Receiver.
func (p *port) Receive(f []byte) {
	s := p.s
	if s.tap != nil {
		s.tap(s.host.Now(), p.number, f)
	}
	if len(f) < 14 {
		return
	}
	s.learn(mac(f[6:12]), p.number)
	if to := s.find(mac(f[:6])); to != nil && f[0]&1 == 0 {
		if to.port != p.number { // otherwise it was there already
			s.ports[to.port].send(f)
		}
		return
	}
	for _, other := range s.ports {
		if other != p {
			other.send(f)
		}
	}
}

func (p *port) send(f []byte) {
	if p.out.Waiting() < switchQueue {
		p.out.SendAfter(f, switchLatency)
	}
}

func (s *Switch) find(m mac) *entry {
	for i := range s.table {
		if e := &s.table[i]; e.used && e.mac == m {
			return e
		}
	}
	return nil
}

// learn notes a sender. The station that was learned first makes room.
func (s *Switch) learn(m mac, port int) {
	if m[0]&1 != 0 {
		return // no station's address
	}
	e := s.find(m)
	if e == nil {
		e = &s.table[s.next]
		s.next = (s.next + 1) % switchEntries
	}
	*e = entry{m, port, true}
}

// Event implements bus.Device. A switch asks for none: its wires do.
func (s *Switch) Event(uint16, uint64) { panic("BUG: wire: event for a switch") }

type savedSwitch struct {
	table [switchEntries]entry
	next  int
}

// Save implements bus.Device.
func (s *Switch) Save() any { return savedSwitch{s.table, s.next} }

// Load implements bus.Device.
func (s *Switch) Load(state any) {
	saved := state.(savedSwitch)
	s.table, s.next = saved.table, saved.next
}

// Hash implements bus.Device.
func (s *Switch) Hash(h *sim.Hasher) {
	h.Uint64(uint64(s.next))
	for i := range s.table {
		e := &s.table[i]
		h.Bool(e.used)
		h.Bytes(e.mac[:])
		h.Uint64(uint64(e.port))
	}
}
