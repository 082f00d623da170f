package ip

// Protocols (RFC 790).
const (
	icmp = 1
	udp  = 17
)

// inputIP takes an IPv4 packet for us (RFC 791).
func (s *Stack) inputIP(f []byte, blank bool) bool {
	p := f[etherSize:]
	if len(p) < headerSize || p[0]>>4 != 4 {
		return false
	}
	header, total := int(p[0]&15)*4, int(word(p, 2))
	switch {
	case header < headerSize, total < header, total > len(p), sum(0, p[:header]) != 0xffff:
		return false
	case word(p, 6)&0x3fff != 0, address(p, 16) != s.Address: // fragments, others
		return false
	}
	from := address(p, 12)
	if s.route(from) == from {
		s.learn(from, f[6:12])
	}
	body := p[header:total]
	switch p[9] {
	case icmp:
		return s.inputICMP(from, body)
	case udp:
		return s.inputUDP(from, body, blank)
	}
	return false
}

// inputICMP answers echoes (RFC 792).
func (s *Stack) inputICMP(from Addr, p []byte) bool {
	if len(p) < 8 || sum(0, p) != 0xffff || p[0] != 8 || p[1] != 0 || len(p) > MTU-headerSize {
		return false
	}
	b := s.Out[etherSize+headerSize:]
	copy(b, p)
	b[0] = 0
	put(b, 2, 0)
	put(b, 2, ^sum(0, b[:len(p)]))
	s.Count.Echoes++
	return s.send(from, icmp, len(p), false)
}

// inputUDP puts a datagram where it is waited for (RFC 768).
func (s *Stack) inputUDP(from Addr, p []byte, blank bool) bool {
	if len(p) < udpSize {
		return false
	}
	n := int(word(p, 4))
	if n < udpSize || n > len(p) || n-udpSize > MaxData {
		return false
	}
	p = p[:n]
	if !blank && word(p, 6) != 0 && sum(s.pseudo(from, n), p) != 0xffff {
		return false
	}
	for i := range s.sockets {
		k := &s.sockets[i]
		if !k.used || k.port != word(p, 2) {
			continue
		}
		if k.n == queued {
			s.Count.Full++
			return true
		}
		d := &k.queue[(k.first+k.n)%queued]
		d.from, d.port, d.size = from, word(p, 0), uint16(copy(d.data[:], p[udpSize:]))
		k.n++
		return true
	}
	s.Count.NoSocket++
	return true
}

// pseudo begins the sum of a datagram between us and another.
func (s *Stack) pseudo(other Addr, n int) uint32 {
	return uint32(other>>16) + uint32(other&0xffff) + uint32(s.Address>>16) + uint32(s.Address&0xffff) + udp + uint32(n)
}

// Send sends a datagram from a socket. It is false where the neighbour is not known yet,
// who is asked then: the caller tries again later, or the datagram is lost.
func (s *Stack) Send(socket int, to Addr, port uint16, data []byte) bool {
	if len(data) > MaxData {
		return false
	}
	n := udpSize + len(data)
	b := s.Out[etherSize+headerSize:]
	put(b, 0, s.sockets[socket].port)
	put(b, 2, port)
	put(b, 4, uint16(n))
	put(b, 6, 0)
	copy(b[udpSize:], data)
	c := ^sum(s.pseudo(to, n), b[:n])
	if c == 0 {
		c = 0xffff
	}
	put(b, 6, c)
	return s.send(to, udp, n, false)
}

// route is the neighbour by whom packets for an address go.
func (s *Stack) route(to Addr) Addr {
	if to&s.Mask != s.Address&s.Mask && s.Gateway != 0 {
		return s.Gateway
	}
	return to
}

// send sends a packet whose body of n bytes is in place.
func (s *Stack) send(to Addr, protocol byte, n int, blank bool) bool {
	via := s.find(s.route(to))
	if via == nil {
		s.sendARP(1, s.route(to), everybody[:])
		return false
	}
	s.ether(via.hardware[:], 0x0800)
	p := s.Out[etherSize:]
	total := headerSize + n
	p[0], p[1] = 0x45, 0
	put(p, 2, uint16(total))
	s.id++
	put(p, 4, s.id)
	put(p, 6, 0x4000) // not to be fragmented
	p[8], p[9] = 64, protocol
	put(p, 10, 0)
	putAddr(p, 12, s.Address)
	putAddr(p, 16, to)
	put(p, 10, ^sum(0, p[:headerSize]))
	size := etherSize + total
	if size < 60 {
		clear(s.Out[size:60])
		size = 60
	}
	s.Count.Sent++
	s.Transmit(size, blank)
	return true
}

// sum adds 16-bit words to a sum and folds the carries in (RFC 1071).
func sum(s uint32, p []byte) uint16 {
	for len(p) >= 2 {
		s += uint32(p[0])<<8 | uint32(p[1])
		p = p[2:]
	}
	if len(p) > 0 {
		s += uint32(p[0]) << 8
	}
	for s > 0xffff {
		s = s&0xffff + s>>16
	}
	return uint16(s)
}
