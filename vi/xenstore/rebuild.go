package xenstore

import (
	"unsafe"

	"resvirt/vi/pvio"
)

// Rebuild makes a store that Check finds damaged one that can be used, with what is left:
// nodes are found by their sums wherever they are, directories made to fit them, memory and
// accounts counted anew. It tells how many names, watches and connections it gave up. It
// comes after a Recover that failed. What it does is in no log: a crash on the way leaves a
// damaged store, and it begins anew.
func (s *Server) Rebuild() (lost uint32) {
	s.log.n = 0
	s.nextUnit()
	s.begin(Conns)
	k := &s.checker
	*k = checker{}
	h := &s.head
	h.magic, h.promised = 0, 0 // until all is done
	s.saveDomains()
	clear(s.hash[:])
	for i := uint32(1); i < Cells; i++ {
		s.adopt(i)
	}
	for ci := range uint32(Conns) {
		lost += s.saveConn(ci)
	}
	s.freeTheRest()
	s.log.n = 0 // from here on memory can be taken
	s.nextUnit()
	lost += s.reconnect()
	s.recount()
	h.magic = magic
	s.sealAll()
	s.goOn()
	return lost
}

// saveDomains keeps the records that can be.
func (s *Server) saveDomains() {
	for i := range s.domain {
		d := &s.domain[i]
		raw := (*[3]uint8)(unsafe.Pointer(d)) // bools of a damaged store may be none
		for j := range raw {
			raw[j] &= 1
		}
		if d.used && (d.id >= firstReserved || s.slotOf(d.id) != i) {
			d.used = false
		}
		if !d.used {
			*d = domain{}
		}
		d.nodes, d.cells, d.watches, d.transactions = 0, 0, 0, 0
		if d.target != 0 && s.slotOf(d.target-1) == Domains {
			d.target = 0
		}
	}
	if d := &s.domain[0]; !d.used || d.id != 0 {
		*d = domain{used: true, introduced: true, gen: 1, features: offered, quota: quotaDefault}
		for i := 1; i < Domains; i++ {
			if s.domain[i].id == 0 {
				s.domain[i] = domain{}
			}
		}
	}
}

// adopt takes a cell into the tree if it holds a node: the hash of its path and the sum of
// the rest say so. Of two with a path the younger stays.
func (s *Server) adopt(i uint32) {
	n := s.node(i)
	if n.flags != nodeThere || n.pathLen == 0 || n.pathLen > pvio.StoreAbsPath || n.perms == 0 || n.perms > maxPerms ||
		n.valLen > pvio.StorePayload || n.kidLen > maxKids || !s.sound(n.path, int(n.pathLen)) ||
		!s.sound(n.body, int(n.perms)*permSize+int(n.valLen)) || !s.sound(n.kids, int(n.kidLen)) {
		return
	}
	path := s.nodePath(n)
	if path[0] != '/' && path[0] != '@' || hashOf(path) != n.hash || s.sumOfNode(n) != n.sum {
		return
	}
	if j := s.find(path); j != 0 {
		if s.node(j).gen >= n.gen {
			return
		}
		s.unlink(j)
	}
	s.log.n = 0 // what link saves is not needed
	s.link(i, n.hash)
	s.generation = max(s.generation, n.gen)
}

// sound tells whether a chain is as long as it should be.
func (s *Server) sound(head uint32, n int) bool {
	for k := cellsFor(n); k > 0; k-- {
		if head == 0 || head >= Cells {
			return false
		}
		head = s.cell[head].next
	}
	return head == 0
}

// claim notes the cells of a chain; false if one of them is another's.
func (s *Server) claim(head uint32) bool {
	for ; head != 0; head = s.cell[head].next {
		if head >= Cells || s.checker.mark[head/64]&(1<<(head%64)) != 0 {
			return false
		}
		s.checker.mark[head/64] |= 1 << (head % 64)
	}
	return true
}

// saveConn keeps a connection with its watches and the numbers of its transactions, as far
// as they can be followed.
func (s *Server) saveConn(ci uint32) (lost uint32) {
	c := &s.conn[ci]
	raw := (*[4]uint8)(unsafe.Pointer(&c.local))
	for j := range raw {
		raw[j] &= 1
	}
	if c.dom == 0 {
		return 0
	}
	if c.closing && c.dom <= Domains { // nothing else of it is needed
		*c = conn{dom: c.dom, id: c.id, port: c.port, closing: true}
		return 0
	}
	if at := s.slotOf(c.id); at == Domains || uint16(at+1) != c.dom {
		*c = conn{}
		return 1
	}
	if !c.local {
		s.domain[c.dom-1].introduced = true
	}
	s.checker.what = ""
	if s.checkQueue(ci); s.checker.what != "" || c.inLen > uint32(maxMsg) { // a piece of a message makes no sense to it
		c.dead, c.err = true, pvio.StoreErrorComm
		c.first, c.sent, c.end, c.answers, c.inLen = 0, 0, 0, 0, 0
		lost++
	}
	at := &c.watches
	c.lastWatch, c.dirty = 0, 0
	for *at != 0 {
		i := *at
		if i >= Cells || !s.watchSound(i) || !s.claim(s.watch(i).text) || !s.claimOne(i) {
			*at = 0
			lost++
			break
		}
		s.watch(i).dirty = 0
		c.lastWatch, at = i, &s.watch(i).next
	}
	at = &c.transactions
	for *at != 0 {
		i := *at
		if i >= Cells || uint32(s.transaction(i).conn) != ci+1 || !s.claimOne(i) {
			*at = 0
			lost++
			break
		}
		t := s.transaction(i)
		*t = transaction{next: t.next, id: t.id, conn: t.conn, fail: uint16(pvio.StoreEAGAIN)}
		at = &t.next
	}
	return lost
}

// claimOne notes a record's cell, whose next is a link to another record.
func (s *Server) claimOne(i uint32) bool {
	if s.checker.mark[i/64]&(1<<(i%64)) != 0 {
		return false
	}
	s.checker.mark[i/64] |= 1 << (i % 64)
	return true
}

func (s *Server) watchSound(i uint32) bool {
	w := s.watch(i)
	return w.pathLen != 0 && w.pathLen <= pvio.StoreAbsPath && w.prefix <= w.pathLen && w.tokenLen <= pvio.StorePayload &&
		s.sound(w.text, int(w.pathLen)+int(w.tokenLen)) && hashOf(s.walk[:s.fetch(w.text, 0, s.walk[:w.pathLen])]) == w.hash
}

// freeTheRest drops nodes whose cells are another's, and makes the list of free cells.
func (s *Server) freeTheRest() {
	for b := range s.hash {
		at := &s.hash[b]
		for *at != 0 {
			n := s.node(*at)
			if s.claimOne(*at) && s.claim(n.path) && s.claim(n.body) && s.claim(n.kids) {
				at = &n.next
			} else {
				*at = n.next
			}
		}
	}
	s.free, s.freeCells = 0, 0
	for i := uint32(Cells - 1); i > 0; i-- {
		if s.checker.mark[i/64]&(1<<(i%64)) == 0 {
			s.cell[i] = cell{next: s.free}
			s.free, s.freeCells = i, s.freeCells+1
		}
	}
}

// reconnect makes directories fit the nodes that there are. A directory that is lost is
// made anew, for the privileged domain, or for the one whose home it is.
func (s *Server) reconnect() (lost uint32) {
	for _, p := range [...]string{"/", introduced, released} {
		if path := s.path[:copy(s.path[:], p)]; s.find(path) == 0 {
			s.remake(path)
			lost++
		}
	}
	for b := range s.hash {
		for i := s.hash[b]; i != 0; i = s.node(i).next {
			lost += s.filterKids(i)
		}
	}
	for again := true; again; {
		again = false
		for b := range s.hash {
			for i := s.hash[b]; i != 0; i = s.node(i).next {
				path := s.path[:s.fetch(s.node(i).path, 0, s.path[:s.node(i).pathLen])]
				if len(path) == 1 || path[0] == '@' {
					continue
				}
				j := s.find(parent(path))
				if j == 0 {
					j = s.remake(parent(path))
					lost++
					again = true
				}
				if !s.hasKid(j, name(path)) {
					s.addKid(j, name(path))
					s.changed(j)
				}
				s.log.n = 0
				s.nextUnit()
			}
		}
	}
	return lost
}

func (s *Server) remake(path []byte) uint32 {
	i := s.insert(path)
	if i == 0 {
		return 0
	}
	l := permList{n: 1}
	if id, ok := number(name(path)); ok && len(path) > len(homes) && local(path) == 0 && string(parent(path)) == homes[:len(homes)-1] {
		l.p[0].dom = uint16(id)
	}
	s.change(i).payer = s.indexOf(l.p[0].dom)
	s.setBody(i, &l, nil)
	s.changed(i)
	return i
}

// filterKids takes names of nodes that there are not, and repeated ones, off a list.
func (s *Server) filterKids(i uint32) (lost uint32) {
	n := s.node(i)
	at := s.path[:s.fetch(n.path, 0, s.path[:n.pathLen])]
	if len(at) > 1 {
		at = s.path[:len(at)+1]
		at[len(at)-1] = '/'
	}
	all, kept := s.kids(n), 0
	for from := 0; from < len(all); {
		to := nul(all, from)
		path := s.path[:len(at)+copy(s.path[len(at):], all[from:to])]
		if j := s.find(path); j != 0 && to > from && s.checker.claimed[j/64]&(1<<(j%64)) == 0 {
			s.checker.claimed[j/64] |= 1 << (j % 64)
			kept += copy(all[kept:], all[from:min(to+1, len(all))])
		} else {
			lost++
		}
		from = to + 1
	}
	if lost > 0 {
		n = s.change(i)
		s.drop(n.kids)
		n.kids, n.kidLen = s.chain(all[:kept], nil), uint32(kept)
		s.changed(i)
		s.log.n = 0
		s.nextUnit()
	}
	return lost
}

func (s *Server) hasKid(i uint32, name []byte) bool {
	all := s.kids(s.node(i))
	for from := 0; from < len(all); {
		to := nul(all, from)
		if string(all[from:to]) == string(name) {
			return true
		}
		from = to + 1
	}
	return false
}

// recount makes all accounts those of what there is.
func (s *Server) recount() {
	for b := range s.hash {
		for i := s.hash[b]; i != 0; i = s.node(i).next {
			n := s.node(i)
			if id := s.owner(n); s.slotOf(id) == Domains {
				if at := s.indexOf(id); at != 0 {
					s.domain[at-1].gen = 1
				} else {
					s.poke(n.body, zero4[:])
				}
			}
			n.payer, n.cells = s.indexOf(s.owner(n)), uint16(n.cost())
			n.sum = s.sumOfNode(n)
		}
	}
	k := &s.checker
	*k = checker{}
	s.checkFree()
	s.checkNodes()
	for ci := range uint32(Conns) {
		s.checkConn(ci)
	}
	s.promised = 0
	for i := range s.domain {
		d := &s.domain[i]
		d.nodes, d.cells, d.watches, d.transactions = k.nodes[i], k.cells[i], k.watches[i], k.txs[i]
		s.promised += d.promise()
	}
	s.log.n = 0
	s.nextUnit()
}

var zero4 [permSize]byte
