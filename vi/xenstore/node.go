package xenstore

import (
	"unsafe"

	"resvirt/vi/pvio"
)

// node is a node of the tree, or what a transaction has seen or made of one. Its path,
// the body (permissions, then the value) and the names of its children (each with a zero
// behind it, in the order in which they came) are chains.
type node struct {
	next   uint32 // in the hash, or in a transaction's list
	hash   uint32 // of the path
	path   uint32
	body   uint32
	kids   uint32
	kidLen uint32

	gen     uint64 // of its last change
	seen    uint64 // in a transaction: gen of the tree's node then, 0 if there was none
	pathLen uint16
	valLen  uint16
	perms   uint16
	payer   uint16 // whose memory it is: 1 + index of a domain
	cells   uint16
	flags   uint16
	sum     uint32 // see check.go
	_       [8]byte
}

// flags of a transaction's nodes; a node of the tree has nodeThere.
const (
	nodeThere    = 1 << iota // it exists, as the transaction sees it
	nodeModified             // by the transaction
	nodeFire                 // watches at the end
	nodeExact                // those of this node only
	nodeOfTx                 // it is no node of the tree
	nodeFlags    = iota
)

func (s *Server) node(i uint32) *node { return (*node)(unsafe.Pointer(&s.cell[i])) }

// change is node for one who changes it.
func (s *Server) change(i uint32) *node {
	n := s.node(i)
	s.save(unsafe.Pointer(n), unsafe.Sizeof(*n))
	return n
}

// perm is an entry of a node's permissions as it is stored.
type perm struct {
	dom    uint16
	access uint8 // permRead and permWrite
	ignore uint8 // the domain did not exist
}

const (
	permRead = 1 << iota
	permWrite
	permOwner

	permSize = int(unsafe.Sizeof(perm{}))
	maxPerms = 64    // a privileged domain has no other limit
	maxKids  = 65536 // bytes of names, the same
)

type permList struct {
	n int
	p [maxPerms]perm
}

func (l *permList) bytes() []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&l.p)), l.n*permSize)
}

// permsOf reads a node's permissions. An entry for a domain that is younger than the node
// meant another one with its number.
func (s *Server) permsOf(n *node, into *permList) {
	into.n = min(int(n.perms), maxPerms)
	into.n = s.fetch(n.body, 0, into.bytes()) / permSize
	for i := 1; i < into.n; i++ {
		if p := &into.p[i]; p.ignore == 0 {
			if d := s.domainOf(p.dom); d == nil || d.gen > n.gen {
				p.ignore = 1
			}
		}
	}
}

// value reads a node's value.
func (s *Server) value(n *node, into []byte) []byte {
	return into[:s.fetch(n.body, int(n.perms)*permSize, into[:min(int(n.valLen), len(into))])]
}

// owner is the domain that a node belongs to.
func (s *Server) owner(n *node) uint16 {
	var l permList
	l.n = 1
	s.fetch(n.body, 0, l.bytes())
	return l.p[0].dom
}

// sized fails the request if a node has become larger than its client may make one.
func (s *Server) sized(n *node) {
	size := 16 + 8*int(n.perms) + int(n.valLen) + int(n.kidLen) // as xenstored counts
	if s.over(quotaNodeSize, uint32(size)) || n.kidLen > maxKids {
		s.failed(pvio.StoreENOSPC)
	}
}

// cost is how many cells a node has.
func (n *node) cost() int {
	return 1 + cellsFor(int(n.pathLen)) + cellsFor(int(n.perms)*permSize+int(n.valLen)) + cellsFor(int(n.kidLen))
}

// changed must follow every change of a node.
func (s *Server) changed(i uint32) {
	n := s.change(i)
	n.gen = s.nextGeneration()
	n.flags |= nodeThere
	if s.tx != 0 {
		n.flags |= nodeModified
	}
	s.settle(n)
}

// settle accounts for a node's memory and seals it.
func (s *Server) settle(n *node) {
	cost := n.cost()
	s.pay(n.payer, cost-int(n.cells))
	n.cells = uint16(cost)
	n.sum = s.sumOfNode(n)
}

func (s *Server) nextGeneration() uint64 {
	h := s.changeHead()
	h.generation++
	return h.generation
}

// setBody gives a node other permissions and another value.
func (s *Server) setBody(i uint32, perms *permList, value []byte) {
	n := s.change(i)
	s.drop(n.body)
	n.body, n.perms, n.valLen = s.chain(perms.bytes(), value), uint16(perms.n), uint16(len(value))
}

// pin writes down which permissions mean nobody any more, before the node gets another
// generation.
func (s *Server) pin(i uint32) *node {
	n := s.change(i)
	var l permList
	s.permsOf(n, &l)
	s.poke(n.body, l.bytes())
	return n
}

// addKid puts a name behind the others.
func (s *Server) addKid(i uint32, name []byte) {
	n := s.pin(i)
	if int(n.kidLen)+len(name)+1 > maxKids {
		s.failed(pvio.StoreENOSPC)
		return
	}
	n.kids = s.put(n.kids, int(n.kidLen), name)
	n.kids = s.put(n.kids, int(n.kidLen)+len(name), zero[:])
	n.kidLen += uint32(len(name) + 1)
}

var zero [1]byte

// dropKid takes a name off the list; those behind it move up.
func (s *Server) dropKid(i uint32, name []byte) {
	n := s.pin(i)
	all := s.kids(n)
	for at := 0; at < len(all); {
		end := nul(all, at)
		if string(all[at:end]) == string(name) {
			k := copy(all[at:], all[min(end+1, len(all)):])
			n.kids = s.cut(n.kids, at)
			n.kids = s.put(n.kids, at, all[at:at+k])
			n.kidLen = uint32(at + k)
			return
		}
		at = end + 1
	}
}

// kids reads all names.
func (s *Server) kids(n *node) []byte {
	return s.names[:s.fetch(n.kids, 0, s.names[:min(int(n.kidLen), len(s.names))])]
}

// nul is where the next zero byte stands, or the end.
func nul(b []byte, from int) int {
	for from < len(b) && b[from] != 0 {
		from++
	}
	return from
}

// lastKid reads the last name.
func (s *Server) lastKid(n *node, into []byte) []byte {
	from := max(0, int(n.kidLen)-len(into))
	k := s.fetch(n.kids, from, into[:int(n.kidLen)-from])
	if k == 0 {
		return nil
	}
	at := k - 1
	for at > 0 && into[at-1] != 0 {
		at--
	}
	return into[at : k-1]
}

// popKid takes the last name away.
func (s *Server) popKid(i uint32, name []byte) {
	n := s.pin(i)
	n.kidLen -= uint32(min(len(name)+1, int(n.kidLen)))
	n.kids = s.cut(n.kids, int(n.kidLen))
}
