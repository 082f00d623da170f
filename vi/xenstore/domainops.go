package xenstore

import "resvirt/vi/pvio"

// Requests about domains. All but GET_DOMAIN_PATH, RESET_WATCHES and GET_FEATURE of the
// own domain are the privileged domain's (request.go).

// domidOf reads an argument that is a domain's number.
func domidOf(text []byte) (uint16, bool) {
	id, ok := number(text)
	return uint16(id), ok && id < firstReserved
}

// DomidSelf and what follows are no domains (xen.h, DOMID_FIRST_RESERVED).
const firstReserved = 0x7ff0

// doIntroduce connects a domain, or begins its connection anew.
func (s *Server) doIntroduce(p []byte) pvio.StoreErrno {
	text, rest, ok := next(p)
	_, rest, ok2 := next(rest) // the frame of its page, which grant 1 names
	portText, _, ok3 := next(rest)
	id, ok4 := domidOf(text)
	port, ok5 := number(portText)
	if !ok || !ok2 || !ok3 || !ok4 || !ok5 || port == 0 || id == 0 {
		return pvio.StoreEINVAL
	}
	return s.introduce(id, port)
}

func (s *Server) introduce(id uint16, port uint32) pvio.StoreErrno {
	at := s.indexOf(id)
	if at == 0 {
		return s.fail
	}
	ci := s.connOf(id)
	again := ci < Conns
	if !again {
		if ci = s.open(at, 0, false); s.fail != 0 {
			return s.fail
		}
		if s.page[ci] = s.ops.Map(id); s.page[ci] == nil {
			return s.refused(at, pvio.StoreEINVAL)
		}
	} else if s.conn[ci].port != 0 {
		s.ops.Unbind(s.conn[ci].port)
	}
	bound, ok := s.ops.Bind(id, port)
	if !ok && !again {
		s.ops.Unmap(id)
		s.page[ci] = nil
		return s.refused(at, pvio.StoreEINVAL)
	}
	s.empty(ci)
	c := s.changeConn(ci)
	c.dead, c.err, c.fresh, c.port = false, 0, true, bound
	c.reqPos, c.rspPos = 0, 0
	if !ok { // as xenstored: it stays introduced and is not heard
		c.dead, c.err, c.port = true, pvio.StoreErrorComm, 0
	}
	if !again {
		h, d := s.changeHead(), s.changeDomain(at)
		d.introduced, d.shutdown = true, false
		h.promised += d.promise()
		s.fireSpecial(introduced, id)
	}
	s.answerOK()
	return 0
}

// refused undoes what a failed introduction had begun.
func (s *Server) refused(at uint16, why pvio.StoreErrno) pvio.StoreErrno {
	s.failed(why)
	return why
}

// known is a domain that is introduced, by an argument; the privileged one is none.
func (s *Server) known(p []byte) (uint16, pvio.StoreErrno) {
	text, ok := one(p)
	id, ok2 := domidOf(text)
	if !ok || !ok2 || id == 0 {
		return 0, pvio.StoreEINVAL
	}
	if s.connOf(id) == Conns {
		return 0, pvio.StoreENOENT
	}
	return id, 0
}

func (s *Server) doRelease(p []byte) pvio.StoreErrno {
	id, why := s.known(p)
	if why == 0 {
		s.release(id)
		s.answerOK()
	}
	return why
}

// doResume has @releaseDomain tell of the next shutdown of a domain as well.
func (s *Server) doResume(p []byte) pvio.StoreErrno {
	id, why := s.known(p)
	if why == 0 {
		s.changeDomain(s.indexOf(id)).shutdown = false
		s.answerOK()
	}
	return why
}

func (s *Server) doSetTarget(p []byte) pvio.StoreErrno {
	a, rest, ok := next(p)
	b, _, ok2 := next(rest)
	id, ok3 := domidOf(a)
	target, ok4 := domidOf(b)
	if !ok || !ok2 || !ok3 || !ok4 {
		return pvio.StoreEINVAL
	}
	if s.connOf(id) == Conns || s.connOf(target) == Conns {
		return pvio.StoreENOENT
	}
	s.changeDomain(s.indexOf(id)).target = target + 1
	s.answerOK()
	return 0
}

func (s *Server) doIsIntroduced(p []byte) pvio.StoreErrno {
	text, ok := one(p)
	id, ok2 := number(text)
	if !ok || !ok2 || id > 0xffff {
		return pvio.StoreEINVAL
	}
	answer := "F\x00"
	if d := s.domainOf(uint16(id)); id == firstReserved || d != nil && (d.introduced || d.id == 0) {
		answer = "T\x00"
	}
	s.answer(answer)
	return 0
}

func (s *Server) doDomainPath(p []byte) pvio.StoreErrno {
	text, ok := one(p)
	id, ok2 := number(text)
	if !ok || !ok2 || id > 0xffff {
		return pvio.StoreEINVAL
	}
	s.n = s.home(s.reply[:], uint16(id))
	s.reply[s.n] = 0
	s.n++
	return 0
}

func (s *Server) doResetWatches(p []byte) pvio.StoreErrno {
	s.tx = 0
	s.forgetRequests(s.client)
	s.answerOK()
	return 0
}

// offered are the features of a page that this server has.
const offered = pvio.StoreCanReconnect | pvio.StoreShowsErrors | pvio.StoreWatchDepth

func (s *Server) doGetFeature(p []byte) pvio.StoreErrno {
	d := s.me()
	if text, _, ok := next(p); ok && len(text) > 0 {
		id, ok := domidOf(text)
		if s.me().id != 0 {
			return pvio.StoreEACCES
		}
		if !ok {
			return pvio.StoreEINVAL
		}
		if d = s.domainOf(id); d == nil {
			return pvio.StoreENOENT
		}
	}
	s.answerNumber(uint64(d.features))
	return 0
}

// doSetFeature chooses what a domain finds in its page; it must come before INTRODUCE.
func (s *Server) doSetFeature(p []byte) pvio.StoreErrno {
	a, rest, ok := next(p)
	b, _, ok2 := next(rest)
	id, ok3 := domidOf(a)
	bits, ok4 := number(b)
	if !ok || !ok2 || !ok3 || !ok4 || bits&^offered != 0 {
		return pvio.StoreEINVAL
	}
	if d := s.domainOf(id); id == 0 || d != nil && d.introduced {
		return pvio.StoreEBUSY
	}
	if d := s.changeDomain(s.indexOf(id)); d != nil {
		d.features = bits
		s.answerOK()
	}
	return s.fail
}

func (s *Server) doGetQuota(p []byte) pvio.StoreErrno {
	a, rest, ok := next(p)
	if !ok || len(a) == 0 {
		for i := range quotaName {
			if i > 0 {
				s.answer(" ")
			}
			s.answer(quotaName[i])
		}
		s.answer("\x00")
		return 0
	}
	b, _, two := next(rest)
	quota := &s.quota
	if two {
		id, ok := domidOf(a)
		d := s.domainOf(id)
		if !ok || d == nil {
			return pvio.StoreENOENT
		}
		a, quota = b, &d.quota
	}
	which, ok := quotaOf(a)
	if !ok {
		return pvio.StoreEINVAL
	}
	s.answerNumber(uint64(quota[which]))
	return 0
}

func (s *Server) doSetQuota(p []byte) pvio.StoreErrno {
	a, rest, ok := next(p)
	b, rest, ok2 := next(rest)
	c, _, three := next(rest)
	if !ok || !ok2 {
		return pvio.StoreEINVAL
	}
	var d *domain
	if three {
		id, ok := domidOf(a)
		if !ok || s.domainOf(id) == nil {
			return pvio.StoreENOENT
		}
		d = s.changeDomain(s.indexOf(id))
		a, b = b, c
	}
	which, ok := quotaOf(a)
	v, ok2 := number(b)
	if !ok || !ok2 {
		return pvio.StoreEINVAL
	}
	if d != nil {
		d.quota[which] = v
	} else {
		s.changeHead().quota[which] = v
	}
	s.answerOK()
	return 0
}
