package xenstore

import (
	"unsafe"

	"resvirt/vi/pvio"
)

// Transactions. One has a copy of each node that it looked at, and of those that were not
// there; nobody else sees what it does to them. At its end each must still be in the tree
// as it was, or the client has to do all again: EAGAIN.

// transaction fits a cell.
type transaction struct {
	next        uint32 // of the same connection
	id          uint32
	first, last uint32 // its nodes, in the order of the first look at each
	nodes       uint32
	delta       int32  // nodes of the client's own that it made, less those it removed
	conn        uint16 // 1 + index
	fail        uint16 // the answer to its end
}

func (s *Server) transaction(i uint32) *transaction {
	return (*transaction)(unsafe.Pointer(&s.cell[i]))
}

func (s *Server) changeTransaction(i uint32) *transaction {
	t := s.transaction(i)
	s.save(unsafe.Pointer(t), unsafe.Sizeof(*t))
	return t
}

// findTransaction finds one of a connection.
func (s *Server) findTransaction(c *conn, id uint32) uint32 {
	for i := c.transactions; i != 0; i = s.transaction(i).next {
		if s.transaction(i).id == id {
			return i
		}
	}
	return 0
}

func (s *Server) doTransactionStart([]byte) pvio.StoreErrno {
	if s.tx != 0 {
		return pvio.StoreEBUSY
	}
	c := s.changeConn(s.client)
	d := s.changeDomain(c.dom)
	if s.over(quotaTransactions, d.transactions+1) {
		return pvio.StoreENOSPC
	}
	i := s.take()
	if i == 0 {
		return s.fail
	}
	s.pay(c.dom, 1)
	d.transactions++
	for {
		c.lastID++
		if c.lastID != 0 && s.findTransaction(c, c.lastID) == 0 {
			break
		}
	}
	*s.changeTransaction(i) = transaction{next: c.transactions, id: c.lastID, conn: uint16(s.client + 1)}
	c.transactions = i
	s.answerNumber(uint64(c.lastID))
	return 0
}

func (s *Server) doTransactionEnd(p []byte) pvio.StoreErrno {
	arg, ok := one(p)
	if !ok || len(arg) != 1 || arg[0] != 'T' && arg[0] != 'F' {
		return pvio.StoreEINVAL
	}
	if s.tx == 0 {
		return pvio.StoreENOENT
	}
	i := s.tx
	t := s.transaction(i)
	s.tx = 0
	why := pvio.StoreErrno(t.fail)
	if arg[0] == 'T' && why == 0 {
		why = s.conclude(i)
	}
	s.endTransaction(i)
	if arg[0] == 'T' && why != 0 {
		return why
	}
	s.answerOK()
	return 0
}

// conclude makes what a transaction did true, if nothing stands against it.
func (s *Server) conclude(i uint32) pvio.StoreErrno {
	t := s.transaction(i)
	for j := t.first; j != 0; j = s.node(j).next {
		n := s.node(j)
		gen := uint64(0)
		if g := s.find(s.nodePath(n)); g != 0 {
			gen = s.node(g).gen
		}
		if gen != n.seen {
			return pvio.StoreEAGAIN
		}
	}
	if d := s.me(); t.delta > 0 && s.over(quotaNodes, d.nodes+uint32(t.delta)) {
		return pvio.StoreENOSPC
	}
	// Who might read a node before hears of its end; what seen held has been compared.
	for j := t.first; j != 0; j = s.node(j).next {
		if n := s.change(j); n.flags&nodeFire != 0 {
			n.seen = s.readers(s.find(s.nodePath(n)))
		}
	}
	for j := t.first; j != 0; j = s.node(j).next {
		if s.node(j).flags&nodeModified != 0 {
			s.apply(j)
		}
	}
	for j := t.first; j != 0; j = s.node(j).next {
		if n := s.node(j); n.flags&nodeFire != 0 {
			s.fireFor(s.nodePath(n), n.flags&nodeExact != 0, n.seen)
		}
	}
	return 0
}

// apply makes the tree's node what the transaction's is.
func (s *Server) apply(j uint32) {
	n := s.change(j)
	g := s.find(s.nodePath(n))
	if n.flags&nodeThere == 0 {
		if g != 0 {
			s.discard(g, s.owner(s.node(g)))
		}
		return
	}
	id := s.owner(n)
	if g == 0 {
		if g = s.insert(s.nodePath(n)); g == 0 {
			return
		}
		s.change(g).payer = s.indexOf(id)
		s.own(id, 1)
	} else if old := s.owner(s.node(g)); old != id {
		s.charge(g, id)
		s.own(old, -1)
		s.own(id, 1)
	}
	to := s.change(g)
	s.drop(to.body)
	s.drop(to.kids)
	to.body, to.perms, to.valLen = n.body, n.perms, n.valLen
	to.kids, to.kidLen = n.kids, n.kidLen
	n.body, n.perms, n.valLen, n.kids, n.kidLen = 0, 0, 0, 0, 0
	s.settle(n)
	s.changed(g)
}

// endTransaction forgets one.
func (s *Server) endTransaction(i uint32) {
	t := s.transaction(i)
	c := s.changeConn(uint32(t.conn - 1))
	s.forget(i)
	if c.transactions == i {
		c.transactions = t.next
	} else {
		for j := c.transactions; j != 0; j = s.transaction(j).next {
			if s.transaction(j).next == i {
				s.changeTransaction(j).next = t.next
				break
			}
		}
	}
	s.changeDomain(c.dom).transactions--
	s.pay(c.dom, -1)
	s.give(i)
}

// forget gives back what a transaction looked at.
func (s *Server) forget(i uint32) {
	t := s.changeTransaction(i)
	for j := t.first; j != 0; {
		next := s.node(j).next
		s.freeNode(j)
		j = next
	}
	t.first, t.last, t.nodes, t.delta = 0, 0, 0, 0
}

// nodePath reads a node's path; it is valid until the next call.
func (s *Server) nodePath(n *node) []byte {
	return s.walk[:s.fetch(n.path, 0, s.walk[:min(int(n.pathLen), len(s.walk))])]
}
