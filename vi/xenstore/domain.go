package xenstore

import (
	"unsafe"

	"resvirt/vi/pvio"
)

// domain is what is known of a domain, and accounted to it: one that was introduced, one
// that owns nodes or is named by permissions, or the privileged one, whose number is 0.
type domain struct {
	used       bool
	introduced bool
	shutdown   bool // and @releaseDomain has told so
	_          uint8
	id         uint16
	target     uint16 // 1 + the number of the domain whose rights it has too
	gen        uint64 // older nodes meant another domain
	features   uint32
	set        uint32 // SET_FEATURE has been said

	nodes, cells, watches, transactions uint32
	quota                               [quotas]uint32
	_                                   [128 - 40 - 4*quotas]byte
}

// conn is a connection.
type conn struct {
	dom     uint16 // 1 + index of its domain, 0 for none
	local   bool   // of a process beside the server
	dead    bool   // the client broke the rules: nothing goes on until it is introduced anew
	fresh   bool   // the counters in its page are still to be set to 0
	closing bool   // page and port are still to be given back
	id      uint16 // of its domain, for this
	port    uint32
	err     uint32 // StorePage.Error

	reqPos, rspPos uint32 // how far the rings are done: the page shows no more than a copy
	inLen          uint32 // of a message that is longer than the ring
	// The queue for the client, as free-running positions in Store.out: what is sent ends at
	// sent, in the message that begins at first.
	first, sent, end uint32
	answers          uint32 // in it

	watches, lastWatch uint32
	dirty              uint32 // of the watches
	transactions       uint32
	lastID             uint32
	_                  [128 - 64]byte
}

func (s *Server) changeConn(ci uint32) *conn {
	c := &s.conn[ci]
	s.save(unsafe.Pointer(c), unsafe.Sizeof(*c))
	return c
}

// domainAt is a domain by 1 + its index.
func (s *Server) domainAt(at uint16) *domain {
	if at == 0 || at > Domains {
		return nil
	}
	return &s.domain[at-1]
}

func (s *Server) changeDomain(at uint16) *domain {
	d := s.domainAt(at)
	if d != nil {
		s.save(unsafe.Pointer(d), unsafe.Sizeof(*d))
	}
	return d
}

// me is the domain of the client that is served, nil where the server acts by itself.
func (s *Server) me() *domain {
	if s.client >= Conns {
		return nil
	}
	return s.domainAt(s.conn[s.client].dom)
}

// domainOf finds a domain by its number.
func (s *Server) domainOf(id uint16) *domain {
	for i := range s.domain {
		if d := &s.domain[i]; d.used && d.id == id {
			return d
		}
	}
	return nil
}

// indexOf is 1 + the index of a domain, which gets a record where it has none.
func (s *Server) indexOf(id uint16) uint16 {
	free := uint16(0)
	for i := range s.domain {
		d := &s.domain[i]
		if d.used && d.id == id {
			return uint16(i + 1)
		}
		if !d.used && free == 0 {
			free = uint16(i + 1)
		}
	}
	if free == 0 {
		s.failed(pvio.StoreENOMEM)
		return 0
	}
	*s.changeDomain(free) = domain{used: true, id: id, gen: s.nextGeneration(), features: offered, quota: s.quota}
	return free
}

// connOf finds the connection of an introduced domain; Conns where there is none.
func (s *Server) connOf(id uint16) uint32 {
	for i := range s.conn {
		c := &s.conn[i]
		if c.dom != 0 && !c.local && !c.closing && s.domain[c.dom-1].id == id && s.domain[c.dom-1].introduced {
			return uint32(i)
		}
	}
	return Conns
}

// open makes a connection.
func (s *Server) open(dom uint16, port uint32, local bool) uint32 {
	for i := range s.conn {
		if s.conn[i].dom == 0 {
			*s.changeConn(uint32(i)) = conn{dom: dom, id: s.domain[dom-1].id, port: port, local: local, fresh: !local}
			return uint32(i)
		}
	}
	s.failed(pvio.StoreENOMEM)
	return Conns
}

// empty forgets what a connection asked for and what waits for it.
func (s *Server) empty(ci uint32) {
	s.forgetRequests(ci)
	c := s.changeConn(ci)
	c.inLen, c.first, c.sent, c.end, c.answers = 0, 0, 0, 0, 0
}

// forgetRequests ends watches and transactions.
func (s *Server) forgetRequests(ci uint32) {
	c := s.changeConn(ci)
	for c.watches != 0 {
		s.dropWatch(ci, c.watches)
	}
	for c.transactions != 0 {
		s.endTransaction(c.transactions)
	}
}

// kill ends a connection whose client broke the rules. The domain stays introduced.
func (s *Server) kill(ci uint32, why uint32) {
	s.empty(ci)
	c := s.changeConn(ci)
	c.dead, c.err = true, why
	s.commit()
	if p := s.page[ci]; p != nil {
		p.Error = why
	}
}

// release ends a domain: its nodes, its connection, what others have of it. Page and port
// are given back after the unit (Server.tidy).
func (s *Server) release(id uint16) {
	if ci := s.connOf(id); ci < Conns {
		s.empty(ci)
		s.changeConn(ci).closing = true
	}
	at := s.indexOf(id)
	if at == 0 {
		return
	}
	s.removeNodesOf(id)
	was := s.domainAt(at).introduced
	h, d := s.changeHead(), s.changeDomain(at)
	h.promised -= d.promise()
	d.introduced = false
	for i := range s.domain {
		if o := &s.domain[i]; o.target == id+1 {
			s.changeDomain(uint16(i + 1)).target = 0
		}
	}
	if was {
		s.fireSpecial(released, id)
	}
	d = s.changeDomain(at)
	if d.nodes == 0 && d.cells == 0 {
		s.nextGeneration()
		*d = domain{}
	}
}

// removeNodesOf removes the nodes of a domain and all below them, as xenstored does, from
// the root down. The root and the special nodes stay, as the privileged domain's.
func (s *Server) removeNodesOf(id uint16) {
	for _, p := range [...]string{"/", introduced, released} {
		if i := s.find(s.path[:copy(s.path[:], p)]); i != 0 && s.owner(s.node(i)) == id {
			l := permList{n: 1}
			s.setPerms(i, &l)
		}
	}
	at, depth := s.path[:1], 0
	at[0] = '/'
	for s.offset[0] = 0; ; {
		kid := s.kidAt(s.find(at), s.offset[depth])
		if len(kid) == 0 {
			if depth == 0 {
				return
			}
			depth--
			at = parent(at)
			continue
		}
		k := len(at)
		if k > 1 {
			at = s.path[:k+1]
			at[k] = '/'
		}
		at = s.path[:len(at)+copy(s.path[len(at):], kid)]
		if i := s.find(at); i != 0 && s.owner(s.node(i)) == id {
			s.remove(at) // the next one moves up
			at = s.path[:k]
			continue
		}
		s.offset[depth] += uint32(len(kid) + 1)
		depth++
		s.offset[depth] = 0
	}
}

// kidAt is the name at an offset of a node's list.
func (s *Server) kidAt(i, offset uint32) []byte {
	if i == 0 || offset >= s.node(i).kidLen {
		return nil
	}
	n := s.node(i)
	k := s.fetch(n.kids, int(offset), s.word[:min(int(n.kidLen-offset), len(s.word))])
	return s.word[:nul(s.word[:k], 0)]
}
