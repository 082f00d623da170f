package wire

import (
	"bytes"
	"encoding/binary"

	"resvirt/hw/bus"
	"resvirt/models"
	"resvirt/sim"
)

// Remote describes a host that answers ARP, ICMP echo, UDP echo (port 7) and DHCP, each
// after the same time. It has no state: its answer depends on the received frame alone.
type Remote struct {
	MAC [6]byte
	IP  [4]byte // in a network of 256 addresses, which DHCP gives out
}

// DefaultRemote is the host 10.0.2.2, as QEMU's user network has it.
func DefaultRemote() Remote {
	return Remote{MAC: [6]byte{2, 0, 0, 0, 0, 2}, IP: [4]byte{10, 0, 2, 2}}
}

// Join implements Peer.
func (r Remote) Join(_ bus.Host, out End, t *models.Timing) Station {
	return &remote{mac: r.MAC, ip4: r.IP, out: out, delay: t.RemoteLatency}
}

// remote is such a host in a machine.
type remote struct {
	stateless
	mac
	ip4
	out   End
	delay sim.Time
}

type (
	mac [6]byte
	ip4 [4]byte
)

const (
	typeIP   = 0x0800
	typeARP  = 0x0806
	protICMP = 1
	protUDP  = 17
	portEcho = 7
	portDHCP = 67
)

// Receive implements Receiver.
func (r *remote) Receive(f []byte) {
	me := r.mac
	if len(f) < 34 || !bytes.Equal(f[:6], me[:]) && f[0]&1 == 0 {
		return
	}
	switch binary.BigEndian.Uint16(f[12:]) {
	case typeARP:
		r.arp(f)
	case typeIP:
		r.ip(f)
	}
}

// answer sends a frame to an address.
func (r *remote) answer(to []byte, kind uint16, body []byte) {
	me := r.mac
	f := append(append([]byte(nil), to...), me[:]...)
	f = append(binary.BigEndian.AppendUint16(f, kind), body...)
	if len(f) < 60 {
		f = append(f, make([]byte, 60-len(f))...)
	}
	r.out.SendAfter(f, r.delay)
}

// arp answers requests for the host's address (RFC 826).
func (r *remote) arp(f []byte) {
	me, ip := r.mac, r.ip4
	if len(f) < 42 || binary.BigEndian.Uint16(f[20:]) != 1 || !bytes.Equal(f[38:42], ip[:]) {
		return
	}
	b := bytes.Clone(f[14:42])
	b[7] = 2
	copy(b[8:], me[:])
	copy(b[14:], ip[:])
	copy(b[18:], f[22:32])
	r.answer(f[22:28], typeARP, b)
}

// ip handles a packet if it is complete and addressed to this host or to all.
func (r *remote) ip(f []byte) {
	p := f[14:]
	header, total := int(p[0]&0xf)*4, int(binary.BigEndian.Uint16(p[2:]))
	if p[0]>>4 != 4 || header < 20 || total < header+8 || total > len(p) || ^sum(p[:header], 0) != 0 ||
		binary.BigEndian.Uint16(p[6:])&0x3fff != 0 {
		return
	}
	me := r.ip4
	mine, body := bytes.Equal(p[16:20], me[:]), p[header:total]
	switch {
	case p[9] == protICMP && mine && body[0] == 8 && ^sum(body, 0) == 0:
		b := bytes.Clone(body)
		b[0], b[2], b[3] = 0, 0, 0
		binary.BigEndian.PutUint16(b[2:], ^sum(b, 0))
		r.sendIP(f[6:12], ip4(p[12:16]), protICMP, b)
	case p[9] == protUDP:
		r.udp(f[6:12], p, body, mine)
	}
}

func (r *remote) udp(from []byte, p, body []byte, mine bool) {
	be := binary.BigEndian
	n := int(be.Uint16(body[4:]))
	if n < 8 || n > len(body) || be.Uint16(body[6:]) != 0 && ^pseudo(p[12:20], body[:n]) != 0 {
		return
	}
	data := body[8:n]
	switch port := be.Uint16(body[2:]); {
	case port == portEcho && mine:
		r.sendUDP(from, ip4(p[12:16]), portEcho, be.Uint16(body), data)
	case port == portDHCP:
		if reply := r.dhcp(data); reply != nil {
			r.sendUDP(data[28:34], ip4{255, 255, 255, 255}, portDHCP, 68, reply)
		}
	}
}

func (r *remote) sendUDP(to []byte, ip ip4, from, port uint16, data []byte) {
	be := binary.BigEndian
	b := be.AppendUint16(be.AppendUint16(nil, from), port)
	b = append(be.AppendUint32(b, uint32(8+len(data))<<16), data...)
	me := r.ip4
	if s := ^pseudo(append(me[:], ip[:]...), b); s != 0 {
		be.PutUint16(b[6:], s)
	} else {
		be.PutUint16(b[6:], 0xffff)
	}
	r.sendIP(to, ip, protUDP, b)
}

func (r *remote) sendIP(to []byte, ip ip4, proto byte, body []byte) {
	me := r.ip4
	h := []byte{0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, proto, 0, 0}
	h = append(append(h, me[:]...), ip[:]...)
	binary.BigEndian.PutUint16(h[2:], uint16(20+len(body)))
	binary.BigEndian.PutUint16(h[10:], ^sum(h, 0))
	r.answer(to, typeIP, append(h, body...))
}

// sum is the Internet checksum before inversion (RFC 1071).
func sum(b []byte, s uint32) uint16 {
	for i, v := range b {
		s += uint32(v) << (8 * (1 - i&1))
	}
	for s>>16 != 0 {
		s = s&0xffff + s>>16
	}
	return uint16(s)
}

// pseudo is the sum of a UDP datagram and its pseudo-header with the given addresses.
func pseudo(addresses, udp []byte) uint16 {
	return sum(udp, uint32(sum(addresses, 0))+protUDP+uint32(len(udp)))
}
