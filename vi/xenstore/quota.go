package xenstore

import (
	"unsafe"

	"resvirt/vi/pvio"
)

// Quotas of a domain that is not privileged, with xenstored's names and values
// (tools/xenstored/domain.c), except for memory, of which there is less here. 0 is none.
const (
	quotaNodes = iota
	quotaWatches
	quotaOutstanding // answers that the client has not taken
	quotaTransactions
	quotaTransactionNodes
	quotaPermissions // of a node
	quotaPath
	quotaNodeSize
	quotaMemory // bytes
	quotas
)

var quotaName = [quotas]string{"nodes", "watches", "outstanding", "transactions", "transaction-nodes",
	"node-permissions", "path-max", "node-size", "memory"}

var quotaDefault = [quotas]uint32{1000, 128, 20, 10, 1024, 5, pvio.StoreRelPath, 2048, 256 << 10}

// Memory. Each introduced domain is sure of its share whatever the others do; beyond it
// domains take what is neither promised nor kept for the privileged one.
const (
	share   = 192 // cells
	reserve = 2048
)

// over tells whether the client under way may not have so much.
func (s *Server) over(which int, n uint32) bool {
	d := s.me()
	return d != nil && d.id != 0 && d.quota[which] != 0 && n > d.quota[which]
}

// pay accounts cells to a domain, and fails the request if they are more than what its
// client may take.
func (s *Server) pay(payer uint16, cells int) {
	if payer == 0 || payer > Domains || cells == 0 {
		return
	}
	d := &s.domain[payer-1]
	s.save(unsafe.Pointer(d), unsafe.Sizeof(*d))
	h := s.changeHead()
	h.promised -= d.promise()
	d.cells += uint32(cells)
	h.promised += d.promise()
	if me := s.me(); cells < 0 || me == nil || me.id == 0 {
		return
	}
	limit := d.quota[quotaMemory] / granule
	switch {
	case d.id != 0 && limit != 0 && d.cells > limit,
		(d.id == 0 || d.cells > share) && h.freeCells < h.promised+reserve:
		s.failed(pvio.StoreENOMEM)
	}
}

// promise is what a domain may still take of its share.
func (d *domain) promise() uint32 {
	if d.id == 0 || !d.introduced || d.cells > share {
		return 0
	}
	return share - d.cells
}

// quotaOf finds a quota by its name.
func quotaOf(name []byte) (int, bool) {
	for i := range quotaName {
		if string(name) == quotaName[i] {
			return i, true
		}
	}
	return 0, false
}
