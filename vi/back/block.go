package back

import (
	"unsafe"

	"resvirt/vi/pvio"
)

// Bounds of a block back end.
const (
	blockSlots    = 32 // of a ring of one page
	maxSegments   = 32 // of an indirect request
	maxPersistent = 352
)

// Volume is the part of a disk that a front end sees. Units are sectors of 512 bytes.
type Volume struct {
	First, Sectors uint64
	ReadOnly       bool
}

// DiskOp is what a disk does.
type DiskOp uint8

const (
	DiskRead DiskOp = iota
	DiskWrite
	DiskFlush   // what has been completed is on the medium after it
	DiskDiscard // the sectors' content is not needed any more
)

// DiskCommand asks a disk to do something with sectors that follow each other. Its memory
// begins at Offset in the first page and fills all others from their beginning.
type DiskCommand struct {
	Op      DiskOp
	Tag     uint32 // comes back with the completion
	Sector  uint64
	Sectors uint32
	Offset  uint32
	Pages   []uint64 // machine addresses
}

// Disk is what a back end needs of the driver. Submit is false when the driver has no
// room; it takes what it needs of the command before it returns.
type Disk struct {
	Submit func(c *DiskCommand) bool
}

// Block is the back end of one virtual disk. Its fields up to Tag are set before Attach.
type Block struct {
	Domain     uint16 // the front end's
	Volume     Volume
	Grants     *Grants
	Disk       *Disk
	Persistent bool   // both ends agreed on grants that stay mapped
	Tag        uint32 // the upper 16 bits of this disk's commands

	Ring   pvio.BackRing
	Broken bool // the front end did what it must not: the ring is left alone
	Done   struct {
		Requests, Reads, Writes, Flushes, Discards, Errors uint64
	}

	slots      [blockSlots]transfer
	persistent persistent
	issue      uint32 // the first request that is not wholly issued, counted as Ring.ReqCons
	command    DiskCommand
	pages      [maxSegments]uint64
	list       [maxSegments]pvio.BlkSegment
	copies     [1]Copy
}

// transfer is a request on its way, in the slot that it has in the ring.
type transfer struct {
	id       uint64
	op       uint8 // as the request has it: the response repeats it
	kind     DiskOp
	finished bool
	status   int16
	sector   uint64 // of the disk, of the next piece to issue
	sectors  uint32 // of a discard
	segments int
	next     int // first segment that is not issued
	flying   int // commands that the disk has
	maps     [maxSegments]Mapping
	first    [maxSegments]uint8
	last     [maxSegments]uint8
	kept     [maxSegments]bool // the mapping stays after the request
}

// Attach takes over a ring as it stands.
func (b *Block) Attach(s *pvio.SharedRing) bool {
	b.Broken = !b.Ring.Attach(s, pvio.BlkSlot)
	b.issue = b.Ring.ReqCons
	return !b.Broken
}

// Serve takes requests, at most as many as the ring has slots, and issues them. It says
// whether the front end is to be told of responses.
func (b *Block) Serve() (notify bool) {
	for range blockSlots {
		if b.Broken || !b.take() {
			break
		}
	}
	b.pump()
	return b.answer()
}

// take takes one request, if there is one.
func (b *Block) take() bool {
	n, ok := b.Ring.Requests()
	if !ok {
		b.Broken = true
		return false
	}
	if n == 0 && !b.Ring.Sleep() {
		return false
	}
	if n == 0 { // one has come while we lay down
		if n, ok = b.Ring.Requests(); n == 0 || !ok {
			b.Broken = !ok
			return false
		}
	}
	r := *(*pvio.BlkRequest)(b.Ring.Request())
	t := &b.slots[b.Ring.ReqCons%blockSlots]
	b.Ring.ReqCons++
	b.Done.Requests++
	b.begin(t, &r)
	return true
}

// Completed takes the end of a command: the tag's lower half says of which request.
func (b *Block) Completed(tag uint32, ok bool) (notify bool) {
	t := &b.slots[tag%blockSlots]
	if t.flying == 0 {
		return false // of a request of an earlier instance
	}
	t.flying--
	if !ok {
		t.status = pvio.BlkError
	}
	b.pump()
	return b.answer()
}

// answer writes the responses of requests that are done, in the order of the ring.
func (b *Block) answer() (notify bool) {
	if b.Broken {
		return false
	}
	wrote := false
	for b.Ring.RspProd != b.Ring.ReqCons {
		t := &b.slots[b.Ring.RspProd%blockSlots]
		if !t.finished && !b.over(t) {
			break
		}
		*(*pvio.BlkResponse)(b.Ring.Response()) = pvio.BlkResponse{ID: t.id, Op: t.op, Status: t.status}
		b.Ring.RspProd++
		wrote = true
		if t.status != pvio.BlkOkay {
			b.Done.Errors++
		}
	}
	return wrote && b.Ring.Push()
}

// over ends a request whose commands have all ended.
func (b *Block) over(t *transfer) bool {
	if t.flying > 0 || t.next < t.segments {
		return false
	}
	b.release(t)
	t.finished = true
	return true
}

// Busy says whether the disk still has commands of ours: then no page may be given back.
func (b *Block) Busy() bool {
	for i := range b.slots {
		if b.slots[i].flying > 0 {
			return true
		}
	}
	return false
}

// Detach gives back all mappings. The disk must have ended all commands.
func (b *Block) Detach() {
	for i := range b.slots {
		if t := &b.slots[i]; !t.finished {
			b.release(t)
			t.finished = true
		}
	}
	b.persistent.drop(b)
	b.Ring.Ring = nil
	b.Broken = true
}

// indirect and discard look at a request as one of another kind.
func indirect(r *pvio.BlkRequest) *pvio.BlkIndirectRequest {
	return (*pvio.BlkIndirectRequest)(unsafe.Pointer(r))
}

func discard(r *pvio.BlkRequest) *pvio.BlkDiscardRequest {
	return (*pvio.BlkDiscardRequest)(unsafe.Pointer(r))
}
