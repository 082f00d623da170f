package ip

// Sizes.
const (
	MTU        = 1500 // of IP
	etherSize  = 14
	headerSize = 20
	udpSize    = 8
	MaxData    = MTU - headerSize - udpSize // of a datagram

	neighbours = 16
	Sockets    = 4
	queued     = 16 // datagrams that wait at a socket
)

// Addr is an IPv4 address, the first byte the highest.
type Addr uint32

// Stack is one interface with one address. The first fields are set before it is used.
type Stack struct {
	Hardware [6]byte
	Address  Addr
	Mask     Addr
	Gateway  Addr                // 0: none
	Transmit func(n int, b bool) // sends the first n bytes of Out; b: the checksum of UDP is left to others
	Out      *[etherSize + MTU]byte
	Count    struct{ Received, Dropped, Sent, Echoes, NoSocket, Full uint64 }

	arp     [neighbours]neighbour
	nextARP int
	sockets [Sockets]socket
	id      uint16
}

// neighbour is a station that we know.
type neighbour struct {
	address  Addr
	hardware [6]byte
}

// socket is where datagrams for a port wait.
type socket struct {
	used     bool
	port     uint16
	first, n int
	queue    [queued]datagram
}

type datagram struct {
	from Addr
	port uint16
	size uint16
	data [MaxData]byte
}

// Open makes a socket on a port, 0 for any; below 0 where none is left or the port is in
// use.
func (s *Stack) Open(port uint16) int {
	free := -1
	for i := range s.sockets {
		k := &s.sockets[i]
		if k.used && k.port == port && port != 0 {
			return -1
		}
		if !k.used && free < 0 {
			free = i
		}
	}
	if free >= 0 {
		k := &s.sockets[free]
		k.used, k.port, k.first, k.n = true, port, 0, 0
		if port == 0 {
			k.port = 49152 + uint16(free) // RFC 6335, 6: dynamic ports
		}
	}
	return free
}

// Close gives a socket back.
func (s *Stack) Close(socket int) { s.sockets[socket].used = false }

// Waiting is how many datagrams wait.
func (s *Stack) Waiting(socket int) int { return s.sockets[socket].n }

// Receive takes the next datagram; n is below 0 where there is none.
func (s *Stack) Receive(socket int, to []byte) (n int, from Addr, port uint16) {
	k := &s.sockets[socket]
	if k.n == 0 {
		return -1, 0, 0
	}
	d := &k.queue[k.first]
	k.first = (k.first + 1) % queued
	k.n--
	return copy(to, d.data[:d.size]), d.from, d.port
}

// Input takes a frame that came in. blank says that the checksum was not computed, since
// the frame comes from this computer.
func (s *Stack) Input(f []byte, blank bool) {
	if len(f) < etherSize {
		s.Count.Dropped++
		return
	}
	ok := false
	switch word(f, 12) {
	case 0x0806:
		ok = s.inputARP(f[etherSize:])
	case 0x0800:
		ok = s.inputIP(f, blank)
	}
	if ok {
		s.Count.Received++
	} else {
		s.Count.Dropped++
	}
}

func word(b []byte, at int) uint16     { return uint16(b[at])<<8 | uint16(b[at+1]) }
func put(b []byte, at int, v uint16)   { b[at], b[at+1] = byte(v>>8), byte(v) }
func address(b []byte, at int) Addr    { return Addr(word(b, at))<<16 | Addr(word(b, at+2)) }
func putAddr(b []byte, at int, a Addr) { put(b, at, uint16(a>>16)); put(b, at+2, uint16(a)) }

// inputARP answers questions for our address, and learns from all that concern us
// (RFC 826).
func (s *Stack) inputARP(p []byte) bool {
	if len(p) < 28 || word(p, 0) != 1 || word(p, 2) != 0x0800 || p[4] != 6 || p[5] != 4 || address(p, 24) != s.Address {
		return false
	}
	from := address(p, 14)
	s.learn(from, p[8:14])
	if word(p, 6) == 1 {
		s.sendARP(2, from, p[8:14])
	}
	return true
}

// learn notes a station; the one noted longest ago makes room.
func (s *Stack) learn(a Addr, hardware []byte) {
	n := s.find(a)
	if n == nil {
		n = &s.arp[s.nextARP]
		s.nextARP = (s.nextARP + 1) % neighbours
	}
	n.address = a
	copy(n.hardware[:], hardware)
}

func (s *Stack) find(a Addr) *neighbour {
	for i := range s.arp {
		if n := &s.arp[i]; n.address == a && a != 0 {
			return n
		}
	}
	return nil
}

// Announce tells the network where our address is.
func (s *Stack) Announce() { s.sendARP(1, s.Address, everybody[:]) }

var everybody = [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

func (s *Stack) sendARP(op uint16, to Addr, hardware []byte) {
	b := s.Out[:]
	s.ether(hardware, 0x0806)
	p := b[etherSize:]
	put(p, 0, 1)
	put(p, 2, 0x0800)
	p[4], p[5] = 6, 4
	put(p, 6, op)
	copy(p[8:], s.Hardware[:])
	putAddr(p, 14, s.Address)
	copy(p[18:24], hardware)
	putAddr(p, 24, to)
	clear(p[28:46]) // the shortest frame has 60 bytes
	s.Transmit(60, false)
}

// ether begins a frame.
func (s *Stack) ether(to []byte, kind uint16) {
	copy(s.Out[0:6], to)
	copy(s.Out[6:12], s.Hardware[:])
	put(s.Out[:], 12, kind)
}

// Bind gives a socket a port; false where another one has it.
func (s *Stack) Bind(socket int, port uint16) bool {
	for i := range s.sockets {
		if k := &s.sockets[i]; i != socket && k.used && k.port == port {
			return false
		}
	}
	if port != 0 {
		s.sockets[socket].port = port
	}
	return true
}
