package xenstore

import "unsafe"

// Bytes of any length as chains of cells.

func cellsFor(n int) int { return (n + perCell - 1) / perCell }

// put puts bytes behind the end of a chain that has n bytes; it returns the head.
func (s *Server) put(head uint32, n int, p []byte) uint32 {
	if len(p) == 0 {
		return head
	}
	last, at := head, perCell
	if head != 0 {
		for s.cell[last].next != 0 {
			last = s.cell[last].next
		}
		at = n - (cellsFor(n)-1)*perCell
		s.save(unsafe.Pointer(&s.cell[last]), granule)
	}
	for len(p) > 0 {
		if at == perCell {
			i := s.take()
			if i == 0 {
				return head
			}
			if last == 0 {
				head = i
			} else {
				s.cell[last].next = i
			}
			last, at = i, 0
		}
		k := copy(s.cell[last].data[at:], p)
		at += k
		p = p[k:]
	}
	return head
}

// chain makes one of two pieces.
func (s *Server) chain(a, b []byte) uint32 { return s.put(s.put(0, 0, a), len(a), b) }

// drop gives a chain back.
func (s *Server) drop(head uint32) {
	for head != 0 {
		next := s.cell[head].next
		s.give(head)
		head = next
	}
}

// cut makes a chain n bytes long, shorter than it was; it returns the head.
func (s *Server) cut(head uint32, n int) uint32 {
	if n == 0 {
		s.drop(head)
		return 0
	}
	last := head
	for k := cellsFor(n); k > 1; k-- {
		last = s.cell[last].next
	}
	if rest := s.cell[last].next; rest != 0 {
		s.save(unsafe.Pointer(&s.cell[last]), granule)
		s.cell[last].next = 0
		s.drop(rest)
	}
	return head
}

// fetch reads bytes of a chain from an offset on; the result says how many there were.
func (s *Server) fetch(head uint32, from int, into []byte) int {
	for ; head != 0 && from >= perCell; from -= perCell {
		head = s.cell[head].next
	}
	n := 0
	for ; head != 0 && n < len(into); head = s.cell[head].next {
		n += copy(into[n:], s.cell[head].data[from:])
		from = 0
	}
	return n
}

// same compares the begin of a chain with bytes.
func (s *Server) same(head uint32, b []byte) bool {
	for len(b) > 0 {
		if head == 0 {
			return false
		}
		n := min(len(b), perCell)
		if string(s.cell[head].data[:n]) != string(b[:n]) {
			return false
		}
		b, head = b[n:], s.cell[head].next
	}
	return true
}

// poke writes bytes over the begin of a chain, where they differ.
func (s *Server) poke(head uint32, p []byte) {
	for ; len(p) > 0 && head != 0; head = s.cell[head].next {
		c := &s.cell[head]
		k := min(len(p), perCell)
		if string(c.data[:k]) != string(p[:k]) {
			s.save(unsafe.Pointer(c), granule)
			copy(c.data[:], p[:k])
		}
		p = p[k:]
	}
}
