package xenstore

import (
	"unsafe"

	"resvirt/vi/pvio"
)

// watch fits a cell. Its path and token are a chain.
type watch struct {
	next     uint32 // of the same connection
	hash     uint32 // of the path
	text     uint32 // path, then token
	pathLen  uint16
	tokenLen uint16
	prefix   uint16 // bytes of the path that the client does not see
	dirty    uint16 // an event did not fit: it fires when there is room
	depth    uint32 // 1 + levels below the path, 0 for all
}

func (s *Server) watch(i uint32) *watch { return (*watch)(unsafe.Pointer(&s.cell[i])) }

func (s *Server) changeWatch(i uint32) *watch {
	w := s.watch(i)
	s.save(unsafe.Pointer(w), unsafe.Sizeof(*w))
	return w
}

func (s *Server) doWatch(p []byte) pvio.StoreErrno {
	raw, rest, ok := next(p)
	token, rest, ok2 := next(rest)
	if !ok || !ok2 {
		return pvio.StoreEINVAL
	}
	path, why := s.canonical(raw, true)
	if why != 0 {
		return why
	}
	depth := uint32(0)
	if text, _, more := next(rest); more && len(text) > 0 {
		levels, ok := number(text)
		if !ok || s.me().features&pvio.StoreWatchDepth == 0 || path[0] == '@' && levels > 1 {
			return pvio.StoreEINVAL
		}
		depth = uint32(min(uint64(levels)+1, 1<<32-1))
	}
	if s.findWatch(s.client, path, token) != 0 {
		return pvio.StoreEEXIST
	}
	c := s.changeConn(s.client)
	d := s.changeDomain(c.dom)
	if s.over(quotaWatches, d.watches+1) {
		return pvio.StoreE2BIG
	}
	w := watch{hash: hashOf(path), pathLen: uint16(len(path)), tokenLen: uint16(len(token)), depth: depth}
	if raw[0] != '/' && raw[0] != '@' {
		w.prefix = uint16(len(path) - len(raw))
	}
	s.addWatch(c, &w, path, token)
	d.watches++
	s.answerOK()
	return 0
}

func (s *Server) addWatch(c *conn, w *watch, path, token []byte) {
	i := s.take()
	w.text = s.chain(path, token)
	if s.fail != 0 {
		return
	}
	s.pay(c.dom, 1+cellsFor(len(path)+len(token)))
	*s.changeWatch(i) = *w
	if c.watches == 0 {
		c.watches = i
	} else {
		s.changeWatch(c.lastWatch).next = i
	}
	c.lastWatch = i
	s.first = i // fires after the answer
}

func (s *Server) findWatch(ci uint32, path, token []byte) uint32 {
	h := hashOf(path)
	for i := s.conn[ci].watches; i != 0; i = s.watch(i).next {
		w := s.watch(i)
		if w.hash != h || int(w.pathLen) != len(path) || int(w.tokenLen) != len(token) || !s.same(w.text, path) {
			continue
		}
		if k := s.fetch(w.text, len(path), s.word[:len(token)]); string(s.word[:k]) == string(token) {
			return i
		}
	}
	return 0
}

func (s *Server) doUnwatch(p []byte) pvio.StoreErrno {
	raw, rest, ok := next(p)
	token, _, ok2 := next(rest)
	if !ok || !ok2 {
		return pvio.StoreEINVAL
	}
	path, why := s.canonical(raw, true)
	if why != 0 {
		return why
	}
	i := s.findWatch(s.client, path, token)
	if i == 0 {
		return pvio.StoreENOENT
	}
	s.dropWatch(s.client, i)
	s.answerOK()
	return 0
}

// dropWatch takes a watch off its connection.
func (s *Server) dropWatch(ci, i uint32) {
	c, w := s.changeConn(ci), s.watch(i)
	prev := uint32(0)
	for j := c.watches; j != i; j = s.watch(j).next {
		prev = j
	}
	if prev == 0 {
		c.watches = w.next
	} else {
		s.changeWatch(prev).next = w.next
	}
	if c.lastWatch == i {
		c.lastWatch = prev
	}
	c.dirty -= uint32(w.dirty)
	s.changeDomain(c.dom).watches--
	s.pay(c.dom, -1-cellsFor(int(w.pathLen)+int(w.tokenLen)))
	s.drop(w.text)
	s.give(i)
}

// fire has the watches of a node fire, or notes that they will when the transaction ends.
func (s *Server) fire(path []byte, exact bool) {
	s.fireOld(path, exact, 0)
}

// fireOld also tells connections of a set, who could read the node before.
func (s *Server) fireOld(path []byte, exact bool, old uint64) {
	if s.tx == 0 {
		s.fireFor(path, exact, old)
		return
	}
	i := s.seen(path)
	if i == 0 {
		return
	}
	n := s.change(i)
	switch {
	case n.flags&nodeFire == 0:
		n.flags |= nodeFire
		if exact {
			n.flags |= nodeExact
		}
	case !exact:
		n.flags &^= nodeExact
	}
	n.sum = s.sumOfNode(n)
}

// readers is the set of connections that may read a node.
func (s *Server) readers(i uint32) (set uint64) {
	for c := uint32(0); i != 0 && c < Conns; c++ {
		if s.conn[c].watches != 0 && s.allowed(c, s.node(i))&permRead != 0 {
			set |= 1 << c
		}
	}
	return set
}

// fireFor tells those who may read the node or its parent, or are in the set.
func (s *Server) fireFor(path []byte, exact bool, old uint64) {
	set := old
	if i := s.find(path); i != 0 {
		set |= s.readers(i) | s.readers(s.find(parent(path)))
	}
	h := hashOf(path)
	for c := uint32(0); c < Conns; c++ {
		if set&(1<<c) == 0 {
			continue
		}
		for i := s.conn[c].watches; i != 0; i = s.watch(i).next {
			if s.matches(s.watch(i), path, h, exact) {
				s.event(c, i, path[s.watch(i).prefix:])
			}
		}
	}
}

// matches tells whether a change of a node concerns a watch.
func (s *Server) matches(w *watch, path []byte, hash uint32, exact bool) bool {
	k := int(w.pathLen)
	if exact || k == len(path) {
		return k == len(path) && w.hash == hash && s.same(w.text, path)
	}
	if k > len(path) || !s.same(w.text, path[:k]) {
		return false
	}
	below := path[k:]
	if k == 1 { // the root
		below = path
		if path[0] != '/' {
			return false
		}
	}
	if below[0] != '/' {
		return false
	}
	levels := uint32(0)
	for _, c := range below {
		levels += uint32(btoi(c == '/'))
	}
	return w.depth == 0 || levels < w.depth
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// fireSpecial tells who may know that a domain came or went.
func (s *Server) fireSpecial(what string, id uint16) {
	path := s.walk[:copy(s.walk[:], what)]
	set := s.readers(s.find(path)) | s.readers(s.find(root[:]))
	full := s.walk[:len(what)+1]
	full[len(what)] = '/'
	full = s.walk[:len(full)+decimal(s.walk[len(full):], uint64(id))]
	for c := uint32(0); c < Conns; c++ {
		if set&(1<<c) == 0 {
			continue
		}
		for i := s.conn[c].watches; i != 0; i = s.watch(i).next {
			w := s.watch(i)
			switch {
			case int(w.pathLen) == len(path) && s.same(w.text, path):
				if w.depth == 2 {
					s.event(c, i, full)
				} else {
					s.event(c, i, path)
				}
			case int(w.pathLen) == len(full) && s.same(w.text, full):
				s.event(c, i, full)
			}
		}
	}
}

const (
	introduced = "@introduceDomain"
	released   = "@releaseDomain"
)

// event queues an event. One that already waits is not queued again; where there is no
// room for it the watch fires later, with its own path.
func (s *Server) event(ci, wi uint32, path []byte) { s.eventWith(ci, wi, path, maxMsg) }

// eventWith leaves room for an answer as long as keep says.
func (s *Server) eventWith(ci, wi uint32, path []byte, keep int) {
	w := s.watch(wi)
	h := pvio.StoreHeader{Type: pvio.StoreWatchEvent, Length: uint32(len(path) + 1 + int(w.tokenLen) + 1)}
	if h.Length > pvio.StorePayload {
		return
	}
	p := s.happened[:h.Length]
	n := copy(p, path)
	p[n] = 0
	s.fetch(w.text, int(w.pathLen), p[n+1:len(p)-1])
	p[len(p)-1] = 0
	if path[0] != '@' && s.waits(ci, p) {
		return
	}
	if s.room(ci) < headLen+len(p)+keep {
		if w.dirty == 0 {
			s.changeWatch(wi).dirty = 1
			s.changeConn(ci).dirty++
		}
		return
	}
	s.queue(ci, &h, p)
}

// refire queues the events that did not fit, as far as they do now.
func (s *Server) refire(ci uint32) (some bool) {
	for i := s.conn[ci].watches; i != 0 && s.conn[ci].dirty != 0; i = s.watch(i).next {
		w := s.watch(i)
		if w.dirty == 0 {
			continue
		}
		keep := maxMsg
		if s.room(ci) == outRing { // the largest fits an empty queue
			keep = 0
		}
		if s.room(ci) < headLen+int(w.pathLen)+int(w.tokenLen)+2+keep {
			return some
		}
		some = true
		s.changeWatch(i).dirty = 0
		s.changeConn(ci).dirty--
		s.eventWith(ci, i, s.walk[w.prefix:s.fetch(w.text, 0, s.walk[:w.pathLen])], keep)
	}
	return some
}
