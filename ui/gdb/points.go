package gdb

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"resvirt/hw/mem"
)

// point is a breakpoint or a watchpoint as the client set it. Types are those of the
// protocol: 0 and 1 break, 2 watches for stores, 3 for loads, 4 for both.
type point struct {
	kind, addr, size uint64
}

// Bounds of points.
const (
	mostPoints  = 256
	longestData = 1 << 16
)

var (
	errPoints      = errors.New("too many breakpoints and watchpoints")
	errUnwatchable = errors.New("this address has no memory that could be watched")
)

// setPoint answers Z and z: TYPE,ADDRESS,KIND, where the kind of a watchpoint is its
// length. Conditions behind a semicolon are not for us: they were not announced.
func (s *session) setPoint(insert bool, p string) string {
	p, _, _ = strings.Cut(p, ";")
	v, ok := numbers(p, 3)
	if !ok {
		return s.bad()
	}
	one := point{v[0], v[1], v[2]}
	if one.kind > 4 {
		return ""
	}
	i := slices.Index(s.points, one)
	switch {
	case !insert:
		if i >= 0 {
			s.points = slices.Delete(s.points, i, i+1)
		}
		return "OK"
	case i >= 0:
		return "OK"
	case len(s.points) >= mostPoints:
		return s.fail("1c", errPoints)
	case one.kind >= 2:
		if one.size < 1 || one.size > longestData || one.addr+one.size < one.addr {
			return s.bad()
		}
		if _, ok := s.physical(one); !ok {
			return s.fail("0e", errUnwatchable)
		}
	}
	s.points = append(s.points, one)
	return "OK"
}

// physical is the memory of a watchpoint, a piece for each page, according to the page
// tables of the processor that is looked at.
func (s *session) physical(w point) (list []mem.Watchpoint, ok bool) {
	kinds := map[uint64]mem.Kind{2: mem.Store, 3: mem.Load, 4: mem.Load | mem.Store}[w.kind]
	for va, left := w.addr, w.size; left > 0; {
		pa, mapped := s.translate(va)
		if !mapped || !s.t.Machine().Memory().IsRAM(pa) {
			return nil, false
		}
		n := min(left, mem.PageSize-va%mem.PageSize)
		list = append(list, mem.Watchpoint{PA: pa, Len: n, Kinds: kinds})
		va, left = va+n, left-n
	}
	return list, true
}

// targets are the points as the target needs them, and, for each watched piece, the point
// to which it belongs.
func (s *session) targets() (p Points, of []int) {
	for i, one := range s.points {
		if one.kind < 2 {
			p.Code = append(p.Code, one.addr)
			continue
		}
		pieces, _ := s.physical(one) // what has vanished from the page tables cannot be touched there
		for _, w := range pieces {
			p.Data, of = append(p.Data, w), append(of, i)
		}
	}
	return p, of
}

// pointReply is the part of a stop's reply that names a watchpoint.
func (w point) reply() string {
	return fmt.Sprintf("%s:%x;", map[uint64]string{2: "watch", 3: "rwatch", 4: "awatch"}[w.kind], w.addr)
}
