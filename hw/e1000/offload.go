package e1000

import (
	"encoding/binary"

	"resvirt/sim"
)

// Context says where a packet's checksums and headers are (3.3.6).
type Context struct {
	IPStart, IPPlace   uint8
	IPEnd              uint16
	TCPStart, TCPPlace uint8
	TCPEnd             uint16
	Payload            uint32
	Command            uint8
	Header             uint8
	MSS                uint16
}

// Bits of Command and of a data descriptor's options.
const (
	ctxTCP = 1 << 0
	ctxIP4 = 1 << 1

	optIP  = 1 << 0
	optTCP = 1 << 1
)

// setContext keeps a context descriptor, apart by whether it is for segmentation.
func (c *Controller) setContext(d *[descSize]byte) {
	le := binary.LittleEndian
	which := 0
	if d[11]&txSumTSE != 0 {
		which = 1
	}
	c.state.Context[which] = Context{
		IPStart: d[0], IPPlace: d[1], IPEnd: le.Uint16(d[2:]),
		TCPStart: d[4], TCPPlace: d[5], TCPEnd: le.Uint16(d[6:]),
		Payload: le.Uint32(d[8:]) & 0xfffff, Command: d[11], Header: d[13], MSS: le.Uint16(d[14:]),
	}
}

// insert puts in the checksums that the options ask for.
func (x *Context) insert(b []byte, options byte) {
	if options&optTCP != 0 {
		insertSum(b, int(x.TCPStart), int(x.TCPPlace), int(x.TCPEnd))
	}
	if options&optIP != 0 {
		insertSum(b, int(x.IPStart), int(x.IPPlace), int(x.IPEnd))
	}
}

// segment cuts a packet into frames of at most MSS bytes of payload, each with
// the header, adapted (3.5).
func (c *Controller) segment(b []byte, options byte, tag int) sim.Time {
	x := c.state.Context[1]
	h := int(x.Header)
	if h > len(b) || x.MSS == 0 || int(x.IPStart)+20 > h || int(x.TCPStart)+8 > h || x.Command&ctxTCP != 0 && int(x.TCPStart)+20 > h {
		return c.transmit(b, tag) // a context that says nothing useful
	}
	free := c.host.Now()
	payload := b[h:]
	for i, done := 0, 0; i == 0 || done < len(payload); i++ {
		n := min(len(payload)-done, int(x.MSS))
		f := append(append(make([]byte, 0, h+n), b[:h]...), payload[done:done+n]...)
		x.adapt(f, i, done, done+n == len(payload), options)
		x.insert(f, options)
		free = c.transmit(f, tag)
		done += n
	}
	c.count(stSegmented)
	return free
}

// adapt changes the header for segment i, which begins at offset done of the
// payload. Software has left the length out of the pseudo-header's sum.
func (x *Context) adapt(f []byte, i, done int, last bool, options byte) {
	be := binary.BigEndian
	ip, tcp := f[x.IPStart:], f[x.TCPStart:]
	if x.Command&ctxIP4 != 0 {
		be.PutUint16(ip[2:], uint16(len(ip)))
		be.PutUint16(ip[4:], be.Uint16(ip[4:])+uint16(i))
	} else {
		be.PutUint16(ip[4:], uint16(len(ip)-40))
	}
	if x.Command&ctxTCP != 0 {
		be.PutUint32(tcp[4:], be.Uint32(tcp[4:])+uint32(done))
		if !last {
			tcp[13] &^= 1<<0 | 1<<3 // FIN and PSH belong to the end
		}
	} else {
		be.PutUint16(tcp[4:], uint16(len(tcp)))
	}
	if at := int(x.TCPPlace); options&optTCP != 0 && at+2 <= len(f) {
		be.PutUint16(f[at:], fold(uint32(be.Uint16(f[at:]))+uint32(len(tcp))))
	}
}

func (x *Context) hash(h *sim.Hasher) {
	h.Uint64(uint64(x.IPStart)<<40 | uint64(x.IPPlace)<<32 | uint64(x.IPEnd))
	h.Uint64(uint64(x.TCPStart)<<40 | uint64(x.TCPPlace)<<32 | uint64(x.TCPEnd))
	h.Uint64(uint64(x.Payload)<<32 | uint64(x.MSS))
	h.Uint64(uint64(x.Command)<<8 | uint64(x.Header))
}
