package xenstore

import (
	"unsafe"

	"resvirt/vi/pvio"
)

// Sizes of a Store. What one domain may take of them is a matter of quotas (quota.go).
const (
	Conns   = 64    // connections: one of each domain, and those of local clients
	Domains = 64    // with a connection, or named by a permission
	Cells   = 20480 // pieces of memory for nodes, watches and transactions
	buckets = 4096

	outRing = 8192 // answers and events that wait for a client
	headLen = int(unsafe.Sizeof(pvio.StoreHeader{}))
	maxMsg  = headLen + pvio.StorePayload
)

// Store is all that a server knows of its clients and their tree: plain data without
// pointers, 3.9 MiB, to be kept where a crash of the process does not reach it. It may begin
// as zero bytes.
type Store struct {
	log undoLog
	_   [(granule - unsafe.Sizeof(undoLog{})%granule) % granule]byte
	state
	// What stands in these between the positions that a connection's record names is
	// immutable, and what does not is nothing: they need no log.
	in  [Conns][maxMsg]byte
	out [Conns][outRing]byte
}

// state is what the log covers. Its size is a multiple of a granule.
type state struct {
	head
	domain [Domains]domain
	conn   [Conns]conn
	hash   [buckets]uint32
	cell   [Cells]cell
}

type head struct {
	magic      uint64
	generation uint64 // of the last change of a node
	free       uint32 // list of cells
	freeCells  uint32
	promised   uint32 // free cells that introduced domains may still take in any case
	_          uint32
	quota      [quotas]uint32
	_          [128 - 32 - 4*quotas]byte
}

// cell is a piece of a chain of bytes, or a record. Cell 0 is none.
type cell struct {
	next uint32
	data [perCell]byte
}

const perCell = granule - 4

// take takes a cell off the list; 0 where there is none, and then the request fails.
func (s *Server) take() uint32 {
	i := s.free
	if i == 0 || i >= Cells {
		s.failed(pvio.StoreENOMEM)
		return 0
	}
	c := &s.cell[i]
	h := s.changeHead()
	s.save(unsafe.Pointer(c), granule)
	h.free, h.freeCells = c.next, h.freeCells-1
	*c = cell{}
	return i
}

// give gives it back.
func (s *Server) give(i uint32) {
	c := &s.cell[i]
	h := s.changeHead()
	s.save(unsafe.Pointer(c), granule)
	*c = cell{next: h.free}
	h.free, h.freeCells = i, h.freeCells+1
}

func (s *Server) changeHead() *head {
	s.save(unsafe.Pointer(&s.head), unsafe.Sizeof(s.head))
	return &s.head
}

// failed has the request under way fail for want of memory or for a quota: what it did is
// undone, and the first reason is the answer.
func (s *Server) failed(why pvio.StoreErrno) {
	if s.fail == 0 {
		s.fail = why
	}
}
