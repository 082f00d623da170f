package xenstore

import "resvirt/vi/pvio"

// Requests about nodes.

// named finds the node of a payload that is one path.
func (s *Server) named(p []byte, access uint8, special bool) (i uint32, path []byte, why pvio.StoreErrno) {
	text, ok := one(p)
	if !ok {
		return 0, nil, pvio.StoreEINVAL
	}
	if path, why = s.canonical(text, special); why != 0 {
		return 0, nil, why
	}
	i, why = s.lookup(path, access)
	return i, path, why
}

func (s *Server) doRead(p []byte) pvio.StoreErrno {
	i, _, why := s.named(p, permRead, false)
	if why == 0 {
		s.n = len(s.value(s.node(i), s.reply[:]))
	}
	return why
}

func (s *Server) doDirectory(p []byte) pvio.StoreErrno {
	i, _, why := s.named(p, permRead, false)
	if why != 0 {
		return why
	}
	n := s.node(i)
	if n.kidLen > pvio.StorePayload {
		return pvio.StoreE2BIG
	}
	s.n = s.fetch(n.kids, 0, s.reply[:n.kidLen])
	return 0
}

// doDirectoryPart answers whole names from an offset on; an empty one is behind the last.
func (s *Server) doDirectoryPart(p []byte) pvio.StoreErrno {
	text, rest, ok := next(p)
	offset, ok2 := one(rest)
	from, ok3 := number(offset)
	if !ok || !ok2 || !ok3 {
		return pvio.StoreEINVAL
	}
	path, why := s.canonical(text, false)
	if why != 0 {
		return why
	}
	i, why := s.lookup(path, permRead)
	if why != 0 {
		return why
	}
	n := s.node(i)
	s.answerNumber(n.gen)
	if from >= n.kidLen {
		s.answer("\x00")
		return 0
	}
	left := n.kidLen - from
	part := s.reply[s.n : s.n+int(min(left, uint32(pvio.StorePayload-s.n-1)))]
	k := s.fetch(n.kids, int(from), part)
	if uint32(k) == left {
		s.n += k
		s.answer("\x00")
		return 0
	}
	for k > 0 && part[k-1] != 0 {
		k--
	}
	s.n += k
	return 0
}

func (s *Server) doWrite(p []byte) pvio.StoreErrno {
	text, value, ok := next(p)
	if !ok {
		return pvio.StoreEINVAL
	}
	path, why := s.canonical(text, false)
	if why != 0 {
		return why
	}
	i, why := s.lookup(path, permWrite)
	switch why {
	case 0:
		var l permList
		s.permsOf(s.node(i), &l)
		s.setBody(i, &l, value)
		s.sized(s.node(i))
		s.changed(i)
	case pvio.StoreENOENT:
		s.create(path, value)
	default:
		return why
	}
	return s.done(path)
}

// done has the watches of a changed node fire and answers.
func (s *Server) done(path []byte) pvio.StoreErrno {
	if s.fail != 0 {
		return s.fail
	}
	s.fire(path, false)
	s.answerOK()
	return 0
}

func (s *Server) doMkdir(p []byte) pvio.StoreErrno {
	_, path, why := s.named(p, permWrite, false)
	switch why {
	case 0:
		s.answerOK()
		return 0
	case pvio.StoreENOENT:
		s.create(path, nil)
		return s.done(path)
	}
	return why
}

func (s *Server) doRm(p []byte) pvio.StoreErrno {
	_, path, why := s.named(p, permWrite, false)
	switch why {
	case 0:
		if len(path) == 1 {
			return pvio.StoreEINVAL
		}
		s.remove(path)
	case pvio.StoreENOENT: // that is fine if its directory is there
		if s.get(parent(path)) == 0 {
			return pvio.StoreENOENT
		}
	default:
		return why
	}
	s.answerOK()
	return 0
}

func (s *Server) doGetPerms(p []byte) pvio.StoreErrno {
	i, _, why := s.named(p, permRead, true)
	if why == 0 {
		var l permList
		s.permsOf(s.node(i), &l)
		s.n = writePerms(&l, s.reply[:])
	}
	return why
}

func (s *Server) doSetPerms(p []byte) pvio.StoreErrno {
	text, rest, ok := next(p)
	if !ok || len(rest) == 0 {
		return pvio.StoreEINVAL
	}
	var l permList
	if why := s.readPerms(rest, &l); why != 0 {
		return why
	}
	if l.n == 0 {
		return pvio.StoreEINVAL
	}
	for i := range l.n {
		if s.domainOf(l.p[i].dom) == nil {
			if !s.ops.Status(l.p[i].dom).There {
				l.p[i].ignore = 1
			} else if s.indexOf(l.p[i].dom) == 0 {
				return s.fail
			}
		}
	}
	if l.p[0].ignore != 0 {
		return pvio.StoreENOENT
	}
	path, why := s.canonical(text, true)
	if why != 0 {
		return why
	}
	i, why := s.lookup(path, permWrite|permOwner)
	if why != 0 {
		return why
	}
	if s.me().id != 0 && l.p[0].dom != s.owner(s.node(i)) {
		return pvio.StoreEPERM
	}
	old := uint64(0)
	if s.tx == 0 {
		old = s.readers(i)
	}
	s.setPerms(i, &l)
	if s.fail != 0 {
		return s.fail
	}
	s.fireOld(path, false, old)
	s.answerOK()
	return 0
}
