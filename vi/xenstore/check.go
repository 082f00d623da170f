package xenstore

import "resvirt/vi/pvio"

// sumOfNode is a checksum of what a node is: its record and the bytes of its chains. Those
// of the path are in the hash. It tells nodes from other cells where links are lost.
func (s *Server) sumOfNode(n *node) uint32 {
	h := n.hash ^ n.kidLen<<16 ^ uint32(n.pathLen) ^ uint32(n.valLen)<<12 ^ uint32(n.perms)<<24 ^ uint32(n.payer)<<8
	h = (h ^ uint32(n.gen) ^ uint32(n.gen>>32)) * 16777619
	h = s.sumChain(h, n.body, int(n.perms)*permSize+int(n.valLen))
	return s.sumChain(h, n.kids, int(n.kidLen))
}

func (s *Server) sumChain(h, head uint32, n int) uint32 {
	for ; head != 0 && head < Cells && n > 0; head = s.cell[head].next {
		for _, c := range s.cell[head].data[:min(n, perCell)] {
			h = (h ^ uint32(c)) * 16777619
		}
		n -= perCell
	}
	return h
}

// checker is what a check of a store needs to remember.
type checker struct {
	mark    [Cells / 64]uint64 // cells that have been met
	claimed [Cells / 64]uint64 // nodes that a directory names
	nodes   [Domains]uint32
	cells   [Domains]uint32
	watches [Domains]uint32
	txs     [Domains]uint32
	marked  uint32
	named   uint32
	all     uint32
	what    string
	where   uint32
}

// Check looks at all of a store between two requests: links, sums, what belongs to whom.
// The result says what is wrong, and with which cell or record; "" is nothing.
func (s *Server) Check() (what string, where uint32) {
	k := &s.checker
	*k = checker{}
	if s.magic != magic || s.log.n != 0 {
		return "the store is in the middle of something", 0
	}
	for g := range granules {
		if s.log.sum[g] != sumOf(s.granule(g)) {
			return "something else than this server changed the store", g
		}
	}
	s.checkFree()
	s.checkNodes()
	for ci := uint32(0); ci < Conns && k.what == ""; ci++ {
		s.checkConn(ci)
	}
	if k.what == "" {
		s.checkNames()
	}
	if k.what == "" {
		s.checkAccounts()
	}
	return k.what, k.where
}

func (s *Server) wrong(what string, where uint32) {
	if s.checker.what == "" {
		s.checker.what, s.checker.where = what, where
	}
}

// met notes a cell; false if it cannot be one, or has been met already.
func (s *Server) met(i uint32) bool {
	k := &s.checker
	if i == 0 || i >= Cells || k.mark[i/64]&(1<<(i%64)) != 0 {
		s.wrong("a cell belongs to two, or is none", i)
		return false
	}
	k.mark[i/64] |= 1 << (i % 64)
	k.marked++
	return true
}

func (s *Server) checkFree() {
	n := uint32(0)
	for i := s.free; i != 0 && s.met(i); i = s.cell[i].next {
		n++
	}
	if n != s.freeCells {
		s.wrong("the free cells are not as many as counted", n)
	}
}

// checkChain notes the cells of a chain that has n bytes.
func (s *Server) checkChain(head uint32, n int) bool {
	for k := cellsFor(n); k > 0; k-- {
		if !s.met(head) {
			return false
		}
		head = s.cell[head].next
	}
	if head != 0 {
		s.wrong("a chain is longer than its content", head)
	}
	return head == 0
}

func (s *Server) checkNodes() {
	k := &s.checker
	for b := range s.hash {
		for i := s.hash[b]; i != 0 && s.met(i) && s.checkNode(i); i = s.node(i).next {
			n := s.node(i)
			if n.hash%buckets != uint32(b) || n.flags != nodeThere {
				s.wrong("a node is in a wrong place of the hash", i)
			}
			if at := s.slotOf(s.owner(n)); at < Domains {
				k.nodes[at]++
			} else {
				s.wrong("a node's owner is not known", i)
			}
			k.all++
		}
	}
}

// slotOf is the index of a domain's record, Domains where it has none.
func (s *Server) slotOf(id uint16) int {
	for i := range s.domain {
		if s.domain[i].used && s.domain[i].id == id {
			return i
		}
	}
	return Domains
}

// checkNode looks at a node's own cells.
func (s *Server) checkNode(i uint32) bool {
	n := s.node(i)
	if n.pathLen == 0 || n.pathLen > pvio.StoreAbsPath || n.perms > maxPerms || n.valLen > pvio.StorePayload || n.kidLen > maxKids ||
		n.flags >= 1<<nodeFlags || n.payer > Domains {
		s.wrong("a node has lengths that cannot be", i)
		return false
	}
	if !s.checkChain(n.path, int(n.pathLen)) || !s.checkChain(n.body, int(n.perms)*permSize+int(n.valLen)) || !s.checkChain(n.kids, int(n.kidLen)) {
		return false
	}
	if hashOf(s.nodePath(n)) != n.hash || s.sumOfNode(n) != n.sum {
		s.wrong("a node's sum is not that of its content", i)
		return false
	}
	if int(n.cells) != n.cost() {
		s.wrong("a node is accounted with other cells than it has", i)
	}
	if n.payer != 0 {
		s.checker.cells[n.payer-1] += uint32(n.cells)
	}
	return true
}

// checkNames compares directories with what is in them.
func (s *Server) checkNames() {
	k := &s.checker
	for b := range s.hash {
		for i := s.hash[b]; i != 0; i = s.node(i).next {
			at := s.nodePath(s.node(i))
			k0 := len(at)
			if k0 > 1 {
				at = s.walk[:k0+1]
				at[k0] = '/'
			}
			all := s.kids(s.node(i))
			for from := 0; from < len(all); {
				to := nul(all, from)
				if len(at)+to-from > len(s.walk) {
					s.wrong("a name is too long", i)
					return
				}
				path := s.walk[:len(at)+copy(s.walk[len(at):], all[from:to])]
				j := s.find(path)
				if j == 0 || to == from || k.claimed[j/64]&(1<<(j%64)) != 0 {
					s.wrong("a directory has a name that is no node's, or has it twice", i)
					return
				}
				k.claimed[j/64] |= 1 << (j % 64)
				k.named++
				from = to + 1
			}
		}
	}
	if k.named+3 != k.all { // the root and the special ones
		s.wrong("there are nodes that no directory names", k.all-k.named)
	}
}

// checkConn looks at a connection with what it has.
func (s *Server) checkConn(ci uint32) {
	c := &s.conn[ci]
	if c.dom == 0 {
		return
	}
	d := s.domainAt(c.dom)
	if d == nil || c.inLen > uint32(maxMsg) || !c.closing && !d.used {
		s.wrong("a connection's record cannot be", ci)
		return
	}
	k, dirty, last := &s.checker, uint32(0), uint32(0)
	for i := c.watches; i != 0 && s.met(i); i = s.watch(i).next {
		w := s.watch(i)
		n := int(w.pathLen) + int(w.tokenLen)
		if w.prefix > w.pathLen || w.pathLen == 0 || int(w.pathLen) > pvio.StoreAbsPath || int(w.tokenLen) > pvio.StorePayload || !s.checkChain(w.text, n) ||
			hashOf(s.walk[:s.fetch(w.text, 0, s.walk[:w.pathLen])]) != w.hash {
			s.wrong("a watch's record cannot be", i)
			return
		}
		k.watches[c.dom-1]++
		k.cells[c.dom-1] += uint32(1 + cellsFor(n))
		dirty += uint32(w.dirty)
		last = i
	}
	if dirty != c.dirty || last != c.lastWatch && c.watches != 0 {
		s.wrong("a connection's watches are not as it counts them", ci)
	}
	for i := c.transactions; i != 0 && s.met(i); i = s.transaction(i).next {
		s.checkTransaction(ci, i)
	}
	s.checkQueue(ci)
}

func (s *Server) checkTransaction(ci, i uint32) {
	k, t := &s.checker, s.transaction(i)
	n, last := uint32(0), uint32(0)
	for j := t.first; j != 0 && s.met(j) && s.checkNode(j); j = s.node(j).next {
		last = j
		n++
	}
	if n != t.nodes || last != t.last || uint32(t.conn) != ci+1 {
		s.wrong("a transaction's record cannot be", i)
	}
	k.txs[s.conn[ci].dom-1]++
	k.cells[s.conn[ci].dom-1]++
}

// checkQueue looks whether what waits for a client is a row of messages.
func (s *Server) checkQueue(ci uint32) {
	c := &s.conn[ci]
	if c.end-c.first > outRing || c.sent-c.first > c.end-c.first {
		s.wrong("a queue's positions cannot be", ci)
		return
	}
	answers, at := uint32(0), c.first
	for at != c.end {
		h := s.header(ci, at)
		whole := uint32(headLen) + h.Length
		if h.Length > pvio.StorePayload || whole > c.end-at || at == c.first && c.sent-at >= whole {
			s.wrong("a queue is no row of messages", ci)
			return
		}
		if h.Type != pvio.StoreWatchEvent {
			answers++
		}
		at += whole
	}
	if answers != c.answers {
		s.wrong("a queue has not the answers that are counted", ci)
	}
}

// checkAccounts compares what domains are said to have with what there was.
func (s *Server) checkAccounts() {
	k, promised := &s.checker, uint32(0)
	for i := range s.domain {
		d := &s.domain[i]
		if d.nodes != k.nodes[i] || d.cells != k.cells[i] || d.watches != k.watches[i] || d.transactions != k.txs[i] {
			s.wrong("a domain's account is wrong", uint32(i))
		}
		promised += d.promise()
	}
	if promised != s.promised {
		s.wrong("what is promised is not what domains have not taken", promised)
	}
	if k.marked != Cells-1 {
		s.wrong("cells are lost", Cells-1-k.marked)
	}
}
