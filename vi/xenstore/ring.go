package xenstore

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/pvio"
)

// A connection's ring page. The server believes no index in it but the client's own, and
// what it shows there are copies of its records: so a client harms itself at most, and a
// crash between a commit and the copy is repaired by copying again.

// serve does one turn of a connection: what waits goes out, and one request is done. It
// tells whether there was anything to do.
func (s *Server) serve(ci uint32) bool {
	c, p := &s.conn[ci], s.page[ci]
	if c.closing {
		s.tidy(ci)
		return true
	}
	if c.dom == 0 || c.dead || p == nil {
		return false
	}
	if !c.local && !c.fresh && atomic.LoadUint32(&p.Connection) == pvio.StoreReconnect {
		s.begin(ci)
		s.empty(ci)
		r := s.changeConn(ci)
		r.fresh, r.reqPos, r.rspPos = true, 0, 0
		s.client = Conns
		s.commit()
	}
	if c.fresh {
		s.freshen(ci)
	}
	if c.dirty != 0 && s.refire(ci) {
		s.commit()
	}
	sent := s.pump(ci)
	read := !c.dead && s.read(ci)
	if read && !c.dead {
		sent = s.pump(ci) || sent
	}
	if sent || read {
		s.ops.Notify(c.port)
	}
	return sent || read
}

// freshen sets a page as it is at the begin of a connection. It may be done twice.
func (s *Server) freshen(ci uint32) {
	c, p := &s.conn[ci], s.page[ci]
	for _, at := range [...]*uint32{&p.ReqCons, &p.ReqProd, &p.RspCons, &p.RspProd} {
		atomic.StoreUint32(at, 0)
		s.atStep()
	}
	p.Features, p.Error = s.domain[c.dom-1].features, 0
	again := atomic.SwapUint32(&p.Connection, pvio.StoreConnected) != pvio.StoreConnected
	s.changeConn(ci).fresh = false
	s.commit()
	if again {
		s.ops.Notify(c.port)
	}
}

// show copies the server's indices into the page.
func (s *Server) show(ci uint32) {
	c, p := &s.conn[ci], s.page[ci]
	s.atStep()
	atomic.StoreUint32(&p.ReqCons, c.reqPos)
	s.atStep()
	atomic.StoreUint32(&p.RspProd, c.rspPos)
}

// pump moves what waits for a client into its ring.
func (s *Server) pump(ci uint32) bool {
	c, p := &s.conn[ci], s.page[ci]
	used := c.rspPos - atomic.LoadUint32(&p.RspCons)
	if used > pvio.StoreRing {
		s.kill(ci, pvio.StoreErrorRing)
		return true
	}
	n := min(c.end-c.sent, pvio.StoreRing-used)
	if n == 0 {
		return false
	}
	buf := s.moved[:n]
	s.load(ci, c.sent, buf)
	at := c.rspPos % pvio.StoreRing
	k := copy(p.Rsp[at:], buf)
	copy(p.Rsp[:], buf[k:])
	r := s.changeConn(ci)
	r.sent += n
	r.rspPos += n
	for r.first != r.sent {
		h := s.header(ci, r.first)
		whole := uint32(headLen) + h.Length
		if r.sent-r.first < whole || whole > uint32(maxMsg) {
			break
		}
		r.first += whole
		if h.Type != pvio.StoreWatchEvent {
			r.answers--
		}
	}
	s.commit()
	s.show(ci)
	return true
}

// read takes a request from the ring and does it when it is whole. One that fits the ring
// stays there until it is done; of a longer one what has come is kept.
func (s *Server) read(ci uint32) bool {
	c, p := &s.conn[ci], s.page[ci]
	there := atomic.LoadUint32(&p.ReqProd) - c.reqPos
	if there > pvio.StoreRing {
		s.kill(ci, pvio.StoreErrorRing)
		return true
	}
	if there == 0 && c.inLen == 0 || s.stalled(ci) {
		return false
	}
	var h pvio.StoreHeader
	head := unsafe.Slice((*byte)(unsafe.Pointer(&h)), headLen)
	if c.inLen > 0 {
		copy(head, s.in[ci][:])
	} else {
		if there < uint32(headLen) {
			return false
		}
		peek(p, c.reqPos, head)
	}
	whole := uint32(headLen) + h.Length
	if h.Length > pvio.StorePayload || c.inLen > whole {
		s.kill(ci, pvio.StoreErrorProtocol)
		return true
	}
	if c.inLen == 0 && whole <= pvio.StoreRing {
		if there < whole {
			return false
		}
		payload := s.payload[:h.Length]
		peek(p, c.reqPos+uint32(headLen), payload)
		s.process(ci, &h, payload, whole)
		s.show(ci)
		return true
	}
	n := min(there, whole-c.inLen)
	if n > 0 {
		part := s.in[ci][c.inLen : c.inLen+n]
		peek(p, c.reqPos, part)
		if c.inLen == 0 { // the client may have changed what was looked at
			copy(part, head)
		}
		r := s.changeConn(ci)
		r.inLen += n
		r.reqPos += n
		s.commit()
		s.show(ci)
	}
	if c.inLen != whole { // it may be whole with nothing new, after a crash
		return n > 0
	}
	s.process(ci, &h, s.payload[:copy(s.payload[:], s.in[ci][headLen:whole])], 0)
	return true
}

func peek(p *pvio.StorePage, at uint32, into []byte) {
	n := copy(into, p.Req[at%pvio.StoreRing:])
	copy(into[n:], p.Req[:])
}

// stalled tells whether a client is not heard before it takes what waits for it.
func (s *Server) stalled(ci uint32) bool {
	c := &s.conn[ci]
	d := s.domainAt(c.dom)
	limit := d.quota[quotaOutstanding]
	return s.room(ci) < maxMsg || d.id != 0 && limit != 0 && c.answers >= limit
}

// tidy gives back what a released domain's connection had. It may be done twice.
func (s *Server) tidy(ci uint32) {
	c := &s.conn[ci]
	if c.port != 0 {
		s.ops.Unbind(c.port)
	}
	s.ops.Unmap(c.id)
	s.page[ci] = nil
	*s.changeConn(ci) = conn{}
	s.commit()
}
