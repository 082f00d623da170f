package wire

import (
	"encoding/binary"
	"slices"

	"resvirt/hw/bus"
	"resvirt/models"
	"resvirt/sim"
)

// LoadKind is what a Load asks for.
type LoadKind uint8

// Kinds of Load, each with the program that answers it (workloads/).
const (
	NetBench LoadKind = iota // a datagram comes back changed
	Service                  // values are stored and read by key
)

// Load describes a modelled host that asks a program behind the network for something once
// a period, and checks and counts the answers. It begins to count when it has its first
// answer, and tells the program when it has ended.
type Load struct {
	Remote
	Kind   LoadKind
	Target [4]byte
	Period sim.Time
	Count  int    // requests that are counted
	Size   int    // bytes of a datagram of NetBench, from 16 on
	Seed   uint64 // of contents
}

// The ports of the programs, and those of the host.
const (
	netBenchPort = 5001
	servicePort  = 5002
	loadPort     = 40000
)

// LoadState is everything mutable of such a host: what it has sent, and what came back. It
// is plain data.
type LoadState struct {
	Phase    LoadPhase
	Target   [6]byte // hardware address
	Next     int     // number of the next request
	Tries    int     // of the present phase
	Answered []uint64
	Tenths   [10]int  // answers to requests of each tenth of the run
	First    sim.Time // when the count began
	Last     sim.Time // of the last answer
	Gap      sim.Time // the longest time without an answer since First
	Doubled  int
	Late     int // answers that came after one to a later request
	Highest  int
	Wrong    int
	Versions []uint64 // Service: of the last write to each key, as it was asked for
	Sent     []sim.Time
	Latency  sim.Time // sum over all answers, of the first to each request
}

// LoadPhase is what the host is doing.
type LoadPhase uint8

// Phases.
const (
	LoadFinding LoadPhase = iota // asks where the target is
	LoadWaiting                  // waits for the program's first answer
	LoadAsking
	LoadEnding // tells the program
	LoadEnded
)

// LoadResult is what is counted.
type LoadResult struct {
	Asked, Answered, Doubled, Late, Wrong int
	Gap                                   sim.Time // the longest time without an answer
	Latency                               sim.Time // mean
	Ended                                 bool
	// Failed: more than a tenth is missing in some tenth of the run, or an answer was wrong.
	Failed bool
}

// load is such a host in a machine.
type load struct {
	remote
	spec  Load
	host  bus.Host
	state LoadState
}

// Join implements Peer.
func (l Load) Join(host bus.Host, out End, t *models.Timing) Station {
	d := &load{remote: remote{mac: l.MAC, ip4: l.IP, out: out, delay: t.RemoteLatency}, spec: l, host: host}
	host.At(host.Now()+l.Period, 0, 0)
	d.state = LoadState{Answered: make([]uint64, (l.Count+63)/64), Sent: make([]sim.Time, l.Count), Versions: make([]uint64, loadKeys), Highest: -1}
	return d
}

// Event implements bus.Device: a period is over.
func (l *load) Event(uint16, uint64) {
	s := &l.state
	s.Tries++
	switch s.Phase {
	case LoadFinding:
		l.find()
	case LoadWaiting:
		l.ask(firstRequest, false)
	case LoadAsking:
		if s.Next == l.spec.Count {
			s.Phase, s.Tries = LoadEnding, 0
			l.ask(s.Next, true)
			break
		}
		s.Sent[s.Next] = l.host.Now()
		l.ask(s.Next, false)
		s.Next++
	case LoadEnding:
		if s.Tries > endTries {
			s.Phase = LoadEnded
			break
		}
		l.ask(s.Next, true)
	}
	if s.Phase != LoadEnded {
		l.host.At(l.host.Now()+l.spec.Period, 0, 0)
	}
}

// firstRequest is the number of requests before the count.
const firstRequest = 1 << 30

// endTries is how often the end is told to a program that does not answer it.
const endTries = 200

// find asks for the target's hardware address.
func (l *load) find() {
	b := make([]byte, 28)
	copy(b, []byte{0, 1, 8, 0, 6, 4, 0, 1})
	copy(b[8:], l.mac[:])
	copy(b[14:], l.ip4[:])
	copy(b[24:], l.spec.Target[:])
	l.answer([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, typeARP, b)
}

// Receive implements Receiver.
func (l *load) Receive(f []byte) {
	s, be := &l.state, binary.BigEndian
	if len(f) < 42 || f[0]&1 == 0 && [6]byte(f[:6]) != l.mac {
		return
	}
	switch be.Uint16(f[12:]) {
	case typeARP:
		l.arp(f)
		if [4]byte(f[28:32]) == l.spec.Target && be.Uint16(f[20:]) == 2 && s.Phase == LoadFinding {
			s.Phase, s.Tries, s.Target = LoadWaiting, 0, [6]byte(f[22:28])
		}
	case typeIP:
		if data := l.datagram(f[14:]); data != nil {
			l.got(data)
		} else {
			l.ip(f) // echoes are answered here as well
		}
	}
}

// datagram is the content of a datagram from the target for us, nil for anything else.
func (l *load) datagram(p []byte) []byte {
	be := binary.BigEndian
	header, total := int(p[0]&15)*4, int(be.Uint16(p[2:]))
	if header < 20 || total < header+8 || total > len(p) || p[9] != protUDP || [4]byte(p[12:16]) != l.spec.Target || [4]byte(p[16:20]) != l.ip4 {
		return nil
	}
	u := p[header:total]
	n := int(be.Uint16(u[4:]))
	if be.Uint16(u[2:]) != loadPort || n < 8 || n > len(u) || be.Uint16(u[6:]) != 0 && ^pseudo(p[12:20], u[:n]) != 0 {
		return nil
	}
	return u[8:n]
}

// send sends a datagram to the program.
func (l *load) send(data []byte) {
	port := uint16(netBenchPort)
	if l.spec.Kind == Service {
		port = servicePort
	}
	l.sendUDP(l.state.Target[:], l.spec.Target, loadPort, port, data)
}

// answered counts the answer to a request.
func (l *load) answered(n int, ok bool) {
	s, now := &l.state, l.host.Now()
	switch {
	case !ok:
		s.Wrong++
		return
	case s.Phase == LoadWaiting && n == firstRequest:
		s.Phase, s.Tries, s.First, s.Last = LoadAsking, 0, now, now
		return
	case s.Phase == LoadEnding && n == l.spec.Count:
		s.Phase = LoadEnded
		l.host.Cancel(0)
		return
	case n < 0 || n >= s.Next || s.Phase < LoadAsking:
		return // of the time before the count, or nobody asked
	}
	s.Gap, s.Last = max(s.Gap, now-s.Last), now
	if s.Answered[n/64]>>(n%64)&1 != 0 {
		s.Doubled++
		return
	}
	s.Answered[n/64] |= 1 << (n % 64)
	s.Tenths[n*10/l.spec.Count]++
	s.Latency += now - s.Sent[n]
	if n < s.Highest {
		s.Late++
	}
	s.Highest = max(s.Highest, n)
}

// Counting is a modelled host that counts.
type Counting interface {
	Station
	Result() LoadResult // so far
}

// Result implements Counting.
func (l *load) Result() LoadResult {
	s := &l.state
	r := LoadResult{Asked: s.Next, Doubled: s.Doubled, Late: s.Late, Wrong: s.Wrong, Gap: s.Gap, Ended: s.Phase == LoadEnded}
	for i, n := range s.Tenths {
		r.Answered += n
		in := (i+1)*l.spec.Count/10 - i*l.spec.Count/10
		r.Failed = r.Failed || n*10 < in*9
	}
	if r.Answered > 0 {
		r.Latency = s.Latency / sim.Time(r.Answered)
	}
	r.Failed = r.Failed || s.Wrong > 0
	return r
}

// Save implements bus.Device.
func (l *load) Save() any { return l.state.clone() }

// Load implements bus.Device.
func (l *load) Load(state any) {
	s := state.(LoadState)
	l.state = s.clone()
}

func (s LoadState) clone() LoadState {
	s.Answered, s.Versions, s.Sent = slices.Clone(s.Answered), slices.Clone(s.Versions), slices.Clone(s.Sent)
	return s
}

// Hash implements bus.Device.
func (l *load) Hash(h *sim.Hasher) {
	s := &l.state
	h.Uint64(uint64(s.Phase))
	h.Bytes(s.Target[:])
	for _, n := range []int{s.Next, s.Tries, s.Doubled, s.Late, s.Highest, s.Wrong} {
		h.Uint64(uint64(n))
	}
	for _, t := range append([]sim.Time{s.First, s.Last, s.Gap, s.Latency}, s.Sent...) {
		h.Uint64(uint64(t))
	}
	for _, n := range s.Tenths {
		h.Uint64(uint64(n))
	}
	for _, w := range append(slices.Clone(s.Answered), s.Versions...) {
		h.Uint64(w)
	}
}
