package xenstore

import (
	"sync/atomic"
	"unsafe"
)

// The log of old contents. A unit of changes begins with an empty log. Before the first
// change of a granule in it, save copies the granule to the log's end and only then makes
// the log longer, so that at each instruction the log tells how to go back. commit makes
// it empty: that one store is where a unit becomes true. Before it, the sums of what was
// changed are made anew. A granule is saved at most once
// in a unit, so the log has room for the largest.

const granule = 64

// saved is what a granule held before the unit.
type saved struct {
	at   uint32 // index of the granule in the state
	sum  uint32
	data [granule]byte
}

type undoLog struct {
	n     uint32 // entries of the unit under way
	unit  uint32 // its number, never 0
	_     [granule - 8]byte
	mark  [granules]uint32 // the unit in which a granule was saved last
	sum   [granules]uint32 // of a granule as the last unit left it
	entry [granules]saved
}

const granules = uint32(unsafe.Sizeof(state{}) / granule)

// save must be called before size bytes of the state are changed.
func (s *Server) save(p unsafe.Pointer, size uintptr) {
	s.atStep()
	from := uintptr(p) - uintptr(unsafe.Pointer(&s.state))
	for g := uint32(from / granule); g <= uint32((from+size-1)/granule); g++ {
		if s.log.mark[g] == s.log.unit {
			continue
		}
		e := &s.log.entry[s.log.n]
		e.at = g
		e.data = *s.granule(g)
		e.sum = e.at ^ sumOf(&e.data)
		s.log.mark[g] = s.log.unit
		atomic.StoreUint32(&s.log.n, s.log.n+1)
	}
	s.atStep()
}

// atStep is where a test has the server crash.
func (s *Server) atStep() {
	if s.step != nil {
		s.step()
	}
}

func (s *Store) granule(g uint32) *[granule]byte {
	return (*[granule]byte)(unsafe.Add(unsafe.Pointer(&s.state), uintptr(g)*granule))
}

// commit makes the changes since the last unit true.
func (s *Server) commit() {
	s.seal()
	s.atStep()
	atomic.StoreUint32(&s.log.n, 0)
	s.atStep()
	s.nextUnit()
}

// rollback undoes them. A crash on the way does no harm: it begins anew.
func (s *Server) rollback() {
	for i := s.log.n; i > 0; i-- {
		if e := &s.log.entry[i-1]; e.at < granules {
			*s.granule(e.at) = e.data
		}
		s.atStep()
	}
	s.seal()
	atomic.StoreUint32(&s.log.n, 0)
	s.nextUnit()
}

// seal sums the granules of the log anew.
func (s *Server) seal() {
	for i := range s.log.n {
		if at := s.log.entry[i].at; at < granules {
			s.log.sum[at] = sumOf(s.granule(at))
		}
		s.atStep()
	}
}

// sealAll sums all.
func (s *Server) sealAll() {
	for g := range granules {
		s.log.sum[g] = sumOf(s.granule(g))
	}
}

// Patrol compares the next n granules of the state with their sums, between two requests;
// false if one was changed by something else than this server.
func (s *Server) Patrol(n uint32) bool {
	for ; n > 0 && s.log.n == 0; n-- {
		if s.patrolled++; s.patrolled >= granules {
			s.patrolled = 0
		}
		if s.log.sum[s.patrolled] != sumOf(s.granule(s.patrolled)) {
			return false
		}
	}
	return true
}

func sumOf(p *[granule]byte) uint32 {
	h := uint64(14695981039346656037)
	for _, w := range (*[granule / 8]uint64)(unsafe.Pointer(p)) {
		h = (h ^ w) * 1099511628211
		h ^= h >> 32
	}
	return uint32(h)
}

// nextUnit gives the next unit its number. After 2^32 units old marks would be taken for
// new ones: they are forgotten in time.
func (s *Store) nextUnit() {
	if s.log.unit++; s.log.unit == 0 {
		clear(s.log.mark[:])
		s.log.unit = 1
	}
}
