package xenstore

import (
	"unsafe"

	"resvirt/vi/pvio"
)

// A request is one unit: what it does, its answer and events in the queues, and that it
// is done.

// process does a request of a connection. consumed is how far it takes the ring on.
func (s *Server) process(ci uint32, h *pvio.StoreHeader, payload []byte, consumed uint32) {
	s.begin(ci)
	why := s.perform(h, payload)
	if s.fail != 0 { // undone: no memory, or a quota
		why = s.undo(h)
	}
	answer := *h
	if why != 0 {
		s.n = 0
		answer.Type = pvio.StoreError
		s.answer(pvio.StoreErrors[why])
		s.answer("\x00")
	}
	answer.Length = uint32(s.n)
	s.queue(ci, &answer, s.reply[:s.n])
	if s.first != 0 && why == 0 {
		w := s.watch(s.first)
		s.event(ci, s.first, s.walk[w.prefix:s.fetch(w.text, 0, s.walk[:w.pathLen])])
	}
	c := s.changeConn(ci)
	c.reqPos += consumed
	c.inLen = 0
	s.commit()
	s.client = Conns
}

func (s *Server) begin(ci uint32) {
	s.client, s.tx, s.first, s.fail, s.n = ci, 0, 0, 0, 0
}

// undo takes back a request that failed half-way. A transaction that missed a step of its
// own cannot end well; one that failed at its end is over.
func (s *Server) undo(h *pvio.StoreHeader) pvio.StoreErrno {
	why := s.fail
	s.rollback()
	s.begin(s.client)
	if h.Transaction == 0 || h.Type == pvio.StoreWatch || h.Type == pvio.StoreUnwatch {
		return why
	}
	switch i := s.findTransaction(&s.conn[s.client], h.Transaction); {
	case i == 0:
	case h.Type == pvio.StoreTransactionEnd:
		s.endTransaction(i)
	default:
		s.changeTransaction(i).fail = uint16(pvio.StoreENOMEM)
	}
	return why
}

// perform does what a message asks for.
func (s *Server) perform(h *pvio.StoreHeader, p []byte) pvio.StoreErrno {
	switch h.Type {
	case pvio.StoreIntroduce, pvio.StoreRelease, pvio.StoreIsDomainIntroduced, pvio.StoreResume, pvio.StoreSetTarget,
		pvio.StoreSetFeature, pvio.StoreGetQuota, pvio.StoreSetQuota, pvio.StoreControl:
		if s.me().id != 0 {
			return pvio.StoreEACCES
		}
	}
	if h.Transaction != 0 && h.Type != pvio.StoreWatch && h.Type != pvio.StoreUnwatch {
		if s.tx = s.findTransaction(&s.conn[s.client], h.Transaction); s.tx == 0 {
			return pvio.StoreENOENT
		}
	}
	switch h.Type {
	case pvio.StoreDirectory:
		return s.doDirectory(p)
	case pvio.StoreDirectoryPart:
		return s.doDirectoryPart(p)
	case pvio.StoreRead:
		return s.doRead(p)
	case pvio.StoreWrite:
		return s.doWrite(p)
	case pvio.StoreMkdir:
		return s.doMkdir(p)
	case pvio.StoreRm:
		return s.doRm(p)
	case pvio.StoreGetPerms:
		return s.doGetPerms(p)
	case pvio.StoreSetPerms:
		return s.doSetPerms(p)
	case pvio.StoreTransactionStart:
		return s.doTransactionStart(p)
	case pvio.StoreTransactionEnd:
		return s.doTransactionEnd(p)
	}
	s.tx = 0 // the others have nothing to do with one
	return s.performOther(h.Type, p)
}

func (s *Server) performOther(kind uint32, p []byte) pvio.StoreErrno {
	switch kind {
	case pvio.StoreWatch:
		return s.doWatch(p)
	case pvio.StoreUnwatch:
		return s.doUnwatch(p)
	case pvio.StoreResetWatches:
		return s.doResetWatches(p)
	case pvio.StoreIntroduce:
		return s.doIntroduce(p)
	case pvio.StoreRelease:
		return s.doRelease(p)
	case pvio.StoreResume:
		return s.doResume(p)
	case pvio.StoreSetTarget:
		return s.doSetTarget(p)
	case pvio.StoreIsDomainIntroduced:
		return s.doIsIntroduced(p)
	case pvio.StoreGetDomainPath:
		return s.doDomainPath(p)
	case pvio.StoreGetFeature:
		return s.doGetFeature(p)
	case pvio.StoreSetFeature:
		return s.doSetFeature(p)
	case pvio.StoreGetQuota:
		return s.doGetQuota(p)
	case pvio.StoreSetQuota:
		return s.doSetQuota(p)
	}
	return pvio.StoreENOSYS // CONTROL is for people beside the daemon
}

// answer appends text to the answer.
func (s *Server) answer(text string) { s.n += copy(s.reply[s.n:], text) }

func (s *Server) answerOK() { s.answer("OK\x00") }

func (s *Server) answerNumber(v uint64) {
	s.n += decimal(s.reply[s.n:], v)
	s.answer("\x00")
}

// next cuts a string off that has a zero behind it.
func next(p []byte) (text, rest []byte, ok bool) {
	end := nul(p, 0)
	if end == len(p) {
		return nil, nil, false
	}
	return p[:end], p[end+1:], true
}

// one is a payload that is one string.
func one(p []byte) ([]byte, bool) {
	text, rest, ok := next(p)
	return text, ok && len(rest) == 0
}

// room is how many bytes a queue can take.
func (s *Server) room(ci uint32) int { return outRing - int(s.conn[ci].end-s.conn[ci].first) }

// queue puts a message behind the others that wait for a client; there is room.
func (s *Server) queue(ci uint32, h *pvio.StoreHeader, p []byte) {
	c := s.changeConn(ci)
	s.store(ci, c.end, unsafe.Slice((*byte)(unsafe.Pointer(h)), headLen))
	s.store(ci, c.end+uint32(headLen), p)
	c.end += uint32(headLen + len(p))
	if h.Type != pvio.StoreWatchEvent {
		c.answers++
	}
}

func (s *Server) store(ci, at uint32, p []byte) {
	ring := &s.out[ci]
	n := copy(ring[at%outRing:], p)
	copy(ring[:], p[n:])
}

func (s *Server) load(ci, at uint32, p []byte) {
	ring := &s.out[ci]
	n := copy(p, ring[at%outRing:])
	copy(p[n:], ring[:])
}

// header reads the header of a message in a queue.
func (s *Server) header(ci, at uint32) (h pvio.StoreHeader) {
	s.load(ci, at, unsafe.Slice((*byte)(unsafe.Pointer(&h)), headLen))
	return h
}

// waits tells whether an event is in a queue, and no byte of it was sent.
func (s *Server) waits(ci uint32, p []byte) bool {
	c := &s.conn[ci]
	for at := c.first; at != c.end; {
		h := s.header(ci, at)
		if h.Type == pvio.StoreWatchEvent && int(h.Length) == len(p) && (at != c.first || c.sent == at) {
			q := s.compared[:len(p)]
			if s.load(ci, at+uint32(headLen), q); string(q) == string(p) {
				return true
			}
		}
		at += uint32(headLen) + min(h.Length, pvio.StorePayload)
		if at-c.first > c.end-c.first {
			return false // no row of messages; the check will tell
		}
	}
	return false
}
