package xenstore

import (
	"unsafe"

	"resvirt/vi/pvio"
)

// Finding nodes by their paths. A client in a transaction sees the nodes that the
// transaction has; the first look at a node takes a copy into it.

func hashOf(path []byte) uint32 { // FNV-1a
	h := uint32(2166136261)
	for _, c := range path {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}

// find finds a node of the tree.
func (s *Server) find(path []byte) uint32 {
	h := hashOf(path)
	return s.search(s.hash[h%buckets], h, path)
}

func (s *Server) search(i, hash uint32, path []byte) uint32 {
	for i != 0 {
		n := s.node(i)
		if n.hash == hash && int(n.pathLen) == len(path) && s.same(n.path, path) {
			return i
		}
		i = n.next
	}
	return 0
}

// get finds a node as the client sees it.
func (s *Server) get(path []byte) uint32 {
	if s.tx == 0 {
		return s.find(path)
	}
	if i := s.seen(path); i != 0 && s.node(i).flags&nodeThere != 0 {
		return i
	}
	return 0
}

// seen finds the transaction's node for a path, with a look at the tree where it has none.
func (s *Server) seen(path []byte) uint32 {
	t := s.transaction(s.tx)
	h := hashOf(path)
	if i := s.search(t.first, h, path); i != 0 {
		return i
	}
	if s.over(quotaTransactionNodes, t.nodes+1) {
		s.failed(pvio.StoreENOSPC)
		return 0
	}
	i := s.take()
	if i == 0 {
		return 0
	}
	n := s.change(i)
	n.hash, n.path, n.pathLen = h, s.chain(path, nil), uint16(len(path))
	n.payer, n.flags = s.conn[s.client].dom, nodeOfTx
	if g := s.find(path); g != 0 {
		s.copyNode(n, s.node(g))
	}
	s.settle(n)
	t = s.changeTransaction(s.tx)
	if t.first == 0 {
		t.first = i
	} else {
		s.change(t.last).next = i
	}
	t.last, t.nodes = i, t.nodes+1
	return i
}

// copyNode makes a transaction's node like one of the tree.
func (s *Server) copyNode(n, g *node) {
	var l permList
	s.permsOf(g, &l)
	n.body = s.chain(l.bytes(), s.value(g, s.oldValue[:]))
	n.kids = s.chain(s.kids(g), nil)
	n.perms, n.valLen, n.kidLen = uint16(l.n), g.valLen, g.kidLen
	n.gen, n.seen, n.flags = g.gen, g.gen, nodeOfTx|nodeThere
}

// insert makes a node of the tree.
func (s *Server) insert(path []byte) uint32 {
	i := s.take()
	if i == 0 {
		return 0
	}
	n := s.change(i)
	n.path, n.pathLen = s.chain(path, nil), uint16(len(path))
	s.link(i, hashOf(path))
	return i
}

func (s *Server) link(i, hash uint32) {
	n, b := s.node(i), s.bucket(hash)
	n.hash, n.next, n.flags = hash, *b, nodeThere
	*b = i
}

// unlink takes a node out of the hash.
func (s *Server) unlink(i uint32) {
	n := s.node(i)
	b := s.bucket(n.hash)
	if *b == i {
		*b = n.next
		return
	}
	for j := *b; j != 0; j = s.node(j).next {
		if s.node(j).next == i {
			s.change(j).next = n.next
			return
		}
	}
}

func (s *Server) bucket(hash uint32) *uint32 {
	b := &s.hash[hash%buckets]
	s.save(unsafe.Pointer(b), 4)
	return b
}

// parent is the path of a node's parent; that of / is /.
func parent(path []byte) []byte {
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '/' {
			return path[:i]
		}
	}
	return root[:]
}

var root = [1]byte{'/'}

// name is the last part of a path.
func name(path []byte) []byte {
	i := len(path)
	for i > 0 && path[i-1] != '/' {
		i--
	}
	return path[i:]
}
