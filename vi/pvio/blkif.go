package pvio

import "unsafe"

// Block devices (blkif.h), as a guest of x86-64 lays them out.

// Operations of a BlkRequest.
const (
	BlkRead     = 0
	BlkWrite    = 1
	BlkBarrier  = 2 // obsolete; not offered
	BlkFlush    = 3 // of what has been answered
	BlkDiscard  = 5
	BlkIndirect = 6
)

// Status of a BlkResponse.
const (
	BlkOkay         = 0
	BlkError        = -1
	BlkNotSupported = -2
)

// Sizes of requests. A sector is 512 bytes whatever the device says of its own.
const (
	BlkSector      = 512
	BlkSectors     = PageSize / BlkSector
	BlkSegments    = 11 // in a request
	BlkPagesOfList = 8  // of an indirect request
	BlkPerPage     = PageSize / int(unsafe.Sizeof(BlkSegment{}))
	BlkSlot        = uint32(unsafe.Sizeof(BlkRequest{}))
)

// BlkSegment is a piece of a page: sectors First to Last of it, both included.
type BlkSegment struct {
	Grant       uint32
	First, Last uint8
	_           uint16
}

// BlkRequest asks for reads and writes.
type BlkRequest struct {
	Op       uint8
	Segments uint8
	Handle   uint16
	_        uint32
	ID       uint64 // the front end's own; the response repeats it
	Sector   uint64 // of the disk
	Segment  [BlkSegments]BlkSegment
}

// BlkDiscardRequest is a request to forget sectors, in the same slot.
type BlkDiscardRequest struct {
	Op      uint8
	Flag    uint8
	Handle  uint16
	_       uint32
	ID      uint64
	Sector  uint64
	Sectors uint64
}

// BlkIndirectRequest is a read or write whose segments stand in granted pages,
// in the same slot.
type BlkIndirectRequest struct {
	Op       uint8
	Indirect uint8 // BlkRead or BlkWrite
	Segments uint16
	_        uint32
	ID       uint64
	Sector   uint64
	Handle   uint16
	_        uint16
	Grant    [BlkPagesOfList]uint32
}

// BlkResponse answers a request, in a slot.
type BlkResponse struct {
	ID     uint64
	Op     uint8
	_      uint8
	Status int16
	_      uint32
}
