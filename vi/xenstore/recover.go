package xenstore

import "resvirt/vi/pvio"

// Open makes a server of a store, whatever it holds: zero bytes, what a failed process left,
// or what a fault made of that. The result says whether it began anew, and what was wrong
// with a store that had to be rebuilt.
func (s *Server) Open(at *Store, ops Ops) (began bool, problem string) {
	if at.log.unit == 0 && at.log.n == 0 {
		s.Start(at, ops)
		return true, ""
	}
	if problem, _ = s.Recover(at, ops); problem != "" {
		s.Rebuild()
	}
	return false, problem
}

// Recover makes a server of the store that a failed process left: what was under way is
// undone or done whole, and clients go on where they are. Open transactions end with
// EAGAIN, whose nodes nobody may rely on, and keep their numbers, since a client that is
// told ENOENT at its end has no way on. All watches fire once: a client that was told
// twice looks twice. A crash on the way does no harm, it begins anew.
//
// Pages of domains are mapped anew; those of local clients, and ports that changed, come
// with Attach. The result says what is wrong with a store that cannot be used as it is
// (Rebuild); "" is nothing.
func (s *Server) Recover(at *Store, ops Ops) (problem string, where uint32) {
	s.Store, s.ops, s.client = at, ops, Conns
	if what, i := s.checkLog(); what != "" {
		return what, i
	}
	s.rollback()
	if what, i := s.Check(); what != "" {
		return what, i
	}
	s.goOn()
	return "", 0
}

// goOn takes connections up after a restart.
func (s *Server) goOn() {
	for ci := uint32(0); ci < Conns; ci++ {
		c := &s.conn[ci]
		if c.dom == 0 || c.closing {
			continue
		}
		s.begin(Conns)
		s.startle(ci)
		s.commit()
		if !c.local {
			s.page[ci] = s.ops.Map(c.id, c.frame)
		}
		if s.page[ci] == nil && !c.local {
			s.kill(ci, pvio.StoreErrorComm)
		}
		if s.page[ci] != nil && !c.dead && !c.fresh {
			s.show(ci)
		}
		if !c.dead {
			s.ops.Notify(c.port)
		}
	}
}

// startle has a connection's watches fire and its transactions end.
func (s *Server) startle(ci uint32) {
	for i := s.conn[ci].watches; i != 0; i = s.watch(i).next {
		if s.watch(i).dirty == 0 {
			s.changeWatch(i).dirty = 1
			s.changeConn(ci).dirty++
		}
	}
	for i := s.conn[ci].transactions; i != 0; i = s.transaction(i).next {
		if s.transaction(i).fail == 0 {
			s.changeTransaction(i).fail = uint16(pvio.StoreEAGAIN)
		}
		s.forget(i)
	}
}

// checkLog looks whether the log is one.
func (s *Server) checkLog() (what string, where uint32) {
	if s.log.n > granules || s.log.unit == 0 && s.log.n > 0 {
		return "the log is longer than it can be", s.log.n
	}
	for i := range s.log.n {
		e := &s.log.entry[i]
		if e.at >= granules || e.sum != e.at^sumOf(&e.data) {
			return "the log holds what was not saved", i
		}
	}
	return "", 0
}
