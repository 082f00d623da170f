package xenstore

import (
	"unsafe"

	"resvirt/vi/pvio"
)

// Server serves a Store. It is what a crash loses: mapped pages and room to work in.
type Server struct {
	*Store
	ops  Ops
	page [Conns]*pvio.StorePage
	turn uint32

	patrolled uint32 // the granule that Patrol looked at last

	// Of the request under way.
	client uint32 // its connection, Conns where the server acts by itself
	tx     uint32 // its transaction
	fail   pvio.StoreErrno
	first  uint32 // a new watch, which fires after the answer
	n      int    // bytes of the answer

	path, walk        [pvio.StoreAbsPath + pvio.StorePayload]byte
	word              [pvio.StorePayload]byte
	payload, oldValue [pvio.StorePayload]byte
	reply             [pvio.StorePayload + 64]byte
	happened          [pvio.StorePayload]byte
	compared          [pvio.StorePayload]byte
	moved             [pvio.StoreRing]byte
	names             [maxKids]byte
	offset            [pvio.StoreAbsPath]uint32

	checker checker

	step func() // of a test
}

// Ops is how the server reaches the world. All may be called again for what was done
// already, since a crash can come between their effect and its record.
type Ops struct {
	Map    func(id uint16, frame uint64) *pvio.StorePage // a domain's page: its grant 1, or what INTRODUCE says; nil if it cannot be
	Unmap  func(id uint16)                               //
	Bind   func(id uint16, port uint32) (uint32, bool)   // bind_interdomain
	Unbind func(port uint32)                             // of our side
	Notify func(port uint32)                             //
	Status func(id uint16) Status                        // what the hypervisor says of a domain
}

// Status is the state of a domain.
type Status struct{ There, Shutdown, Dying bool }

const magic = 0x726f747365727478

// Start makes a server of a store with nothing in it. Before it ends the number of the
// unit is 0: nothing is saved in the log, and a crash leaves a store that is begun anew.
func (s *Server) Start(at *Store, ops Ops) {
	s.Store, s.ops, s.client = at, ops, Conns
	clear(unsafe.Slice((*byte)(unsafe.Pointer(at)), unsafe.Sizeof(*at)))
	s.free, s.freeCells, s.generation = 1, Cells-1, 1
	for i := range uint32(Cells - 2) {
		s.cell[i+1].next = i + 2
	}
	s.quota = quotaDefault
	me := s.indexOf(0)
	s.domain[me-1].introduced = true
	var l permList
	l.n = 1 // n0
	for _, path := range [...]string{"/", "/tool", "/tool/xenstored", introduced, released} {
		p := s.path[:copy(s.path[:], path)]
		i := s.insert(p)
		s.change(i).payer = me
		s.setBody(i, &l, nil)
		s.changed(i)
		s.own(0, 1)
		if up := parent(p); p[0] == '/' && len(p) > 1 {
			j := s.find(up)
			s.addKid(j, name(p))
			s.changed(j)
		}
	}
	s.magic = magic
	s.sealAll()
	s.nextUnit()
}

// Connect adds a client that is a process of the privileged domain: it shares a page with
// the server like a domain's, whose rings go on where they stand. The result identifies the
// connection; false if there are too many.
func (s *Server) Connect(page *pvio.StorePage, port uint32) (uint32, bool) {
	s.begin(Conns)
	ci := s.open(1, port, true)
	if s.fail != 0 {
		s.rollback()
		return 0, false
	}
	c := s.changeConn(ci)
	c.reqPos, c.rspPos = page.ReqCons, page.RspProd
	s.commit()
	s.page[ci] = page
	page.Features = offered
	return ci, true
}

// Disconnect ends such a connection.
func (s *Server) Disconnect(ci uint32) {
	if ci >= Conns || !s.conn[ci].local {
		return
	}
	s.begin(Conns)
	s.empty(ci)
	*s.changeConn(ci) = conn{}
	s.commit()
	s.page[ci] = nil
}

// Introduce connects a domain as INTRODUCE does; for those that exist before the toolstack.
func (s *Server) Introduce(id uint16, frame uint64, port uint32) bool {
	s.begin(Conns)
	if s.introduce(id, frame, port) != 0 || s.fail != 0 {
		s.rollback()
		return false
	}
	s.commit()
	return true
}

// Turn serves each connection once: a request, and what its ring can take. It tells
// whether there may be more to do; if not, wait for an event of any port.
func (s *Server) Turn() (more bool) {
	for i := range uint32(Conns) {
		if s.serve((s.turn + i) % Conns) {
			more = true
		}
	}
	s.turn++
	return more
}

// DomainsChanged looks which domains died or shut down; for VIRQ_DOM_EXC.
func (s *Server) DomainsChanged() {
	s.begin(Conns)
	for i := range s.domain {
		d := &s.domain[i]
		if !d.used || d.id == 0 {
			continue
		}
		switch st := s.ops.Status(d.id); {
		case !st.There || st.Dying && d.introduced:
			s.release(d.id)
		case st.Shutdown && d.introduced && !d.shutdown:
			s.changeDomain(uint16(i + 1)).shutdown = true
			s.fireSpecial(released, d.id)
		}
		s.commit()
	}
}

// Client is a connection as a restarted process needs to know it.
type Client struct {
	Domain uint16
	Local  bool
	Port   uint32
}

// Client tells of connection ci; false where there is none.
func (s *Server) Client(ci uint32) (Client, bool) {
	if ci >= Conns || s.conn[ci].dom == 0 || s.conn[ci].closing {
		return Client{}, false
	}
	c := &s.conn[ci]
	return Client{Domain: c.id, Local: c.local, Port: c.port}, true
}

// Attach gives a connection its page and port, where a restarted process has others.
func (s *Server) Attach(ci uint32, page *pvio.StorePage, port uint32) {
	s.changeConn(ci).port = port
	s.commit()
	s.page[ci] = page
	if page != nil && !s.conn[ci].dead && !s.conn[ci].fresh {
		s.show(ci)
	}
}
