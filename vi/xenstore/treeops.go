package xenstore

import "resvirt/vi/pvio"

// Making and removing nodes, in the tree or in the client's transaction.

// create makes a node and the directories above it that there are not. A node has the
// permissions of its parent; what an unprivileged domain makes is its own.
func (s *Server) create(path, value []byte) uint32 {
	up := path
	i := uint32(0)
	for i == 0 && len(up) > 1 && s.fail == 0 {
		up = parent(up)
		i = s.get(up)
	}
	for i != 0 && s.fail == 0 && len(up) < len(path) {
		end := len(up) + 1
		if len(up) == 1 {
			end = 1
		}
		for end < len(path) && path[end] != '/' {
			end++
		}
		up = path[:end]
		data := value
		if len(up) < len(path) {
			data = nil
		}
		i = s.createOne(i, up, data)
	}
	if s.fail != 0 {
		return 0
	}
	return i
}

func (s *Server) createOne(above uint32, path, value []byte) uint32 {
	var l permList
	s.permsOf(s.node(above), &l)
	me := s.me()
	if me != nil && me.id != 0 {
		l.p[0].dom = me.id
	}
	s.addKid(above, name(path))
	s.sized(s.node(above))
	s.changed(above)
	var i uint32
	if s.tx != 0 {
		i = s.seen(path)
	} else if i = s.insert(path); i != 0 {
		s.change(i).payer = s.indexOf(l.p[0].dom)
	}
	if i == 0 || s.fail != 0 {
		return 0
	}
	s.setBody(i, &l, value)
	s.sized(s.node(i))
	s.changed(i)
	s.own(l.p[0].dom, 1)
	return i
}

// own counts a domain's nodes. Those of a transaction count when it ends, and before that
// in it.
func (s *Server) own(id uint16, n int) {
	d := s.changeDomain(s.indexOf(id))
	if d == nil {
		return
	}
	count := d.nodes + uint32(n)
	if s.tx != 0 {
		if me := s.me(); me != d {
			return
		}
		t := s.changeTransaction(s.tx)
		t.delta += int32(n)
		count = d.nodes + uint32(t.delta)
	} else {
		d.nodes = count
	}
	if n > 0 && d == s.me() && s.over(quotaNodes, count) {
		s.failed(pvio.StoreENOSPC)
	}
}

// remove removes a node and all below it, the last first; watches fire while each is
// still there.
func (s *Server) remove(path []byte) {
	at := s.walk[:copy(s.walk[:], path)]
	for s.fail == 0 {
		i := s.get(at)
		if i != 0 {
			if kid := s.lastKid(s.node(i), s.word[:]); len(kid) != 0 {
				k := len(at)
				if k > 1 {
					at = s.walk[:k+1]
					at[k] = '/'
				}
				at = s.walk[:len(at)+copy(s.walk[len(at):], kid)]
				continue
			}
			s.fire(at, len(at) != len(path))
			s.removeOne(i)
		}
		if len(at) == len(path) {
			break
		}
		up := parent(at)
		if j := s.get(up); j != 0 {
			s.popKid(j, name(at))
			s.changed(j)
		}
		at = s.walk[:len(up)]
	}
	if j := s.get(parent(path)); j != 0 && s.fail == 0 {
		s.dropKid(j, name(path))
		s.changed(j)
	}
}

// removeOne removes a node that has no children.
func (s *Server) removeOne(i uint32) {
	n := s.change(i)
	id := s.owner(n)
	if s.tx == 0 {
		s.discard(i, id)
		return
	}
	s.drop(n.body)
	n.body, n.perms, n.valLen = 0, 0, 0
	n.flags = n.flags&^nodeThere | nodeModified
	s.settle(n)
	s.own(id, -1)
}

// discard takes a node out of the tree.
func (s *Server) discard(i uint32, owner uint16) {
	s.nextGeneration()
	s.unlink(i)
	s.freeNode(i)
	tx := s.tx
	s.tx = 0
	s.own(owner, -1)
	s.tx = tx
}

// freeNode gives back all that a node has.
func (s *Server) freeNode(i uint32) {
	n := s.node(i)
	path, body, kids := n.path, n.body, n.kids
	s.pay(n.payer, -int(n.cells))
	s.drop(path)
	s.drop(body)
	s.drop(kids)
	s.give(i)
}

// setPerms gives a node other permissions, perhaps another owner.
func (s *Server) setPerms(i uint32, l *permList) {
	n := s.node(i)
	old := s.owner(n)
	s.setBody(i, l, s.value(n, s.oldValue[:]))
	if id := l.p[0].dom; id != old {
		if s.tx == 0 {
			s.charge(i, id)
		}
		s.own(old, -1)
		s.own(id, 1)
	}
	s.sized(s.node(i))
	s.changed(i)
}

// charge has another domain pay for a node.
func (s *Server) charge(i uint32, id uint16) {
	n := s.change(i)
	s.pay(n.payer, -int(n.cells))
	n.payer, n.cells = s.indexOf(id), 0
}
