package front

import (
	"sync/atomic"

	"resvirt/vi/pvio"
)

// BlockPages is the number of requests on their way at a time; each has a page.
const BlockPages = 32

// Buffer is a page that the back end may use.
type Buffer struct {
	Ref  uint32
	Data *[pvio.PageSize]byte
}

// State is how far a request is.
type State uint8

const (
	Free State = iota
	Asked
	Ended
)

// Block is the front end of a disk. Buffers are set before Init.
type Block struct {
	Ring    pvio.FrontRing
	Sectors uint64 // of 512 bytes, as the back end says
	Flush   bool   // the back end knows flushes
	Discard bool   // and discards
	Buffers [BlockPages]Buffer
	Broken  bool // the back end answered what was not asked
	Why     string

	asked [BlockPages]struct {
		state  State
		op     uint8
		status int16
	}
}

// Init makes a new ring.
func (b *Block) Init(s *pvio.SharedRing) {
	b.Ring.Init(s, pvio.BlkSlot)
	b.Broken, b.Why = false, ""
	for i := range b.asked {
		b.asked[i].state = Free
	}
}

// Reserve finds a buffer that no request uses, or below 0. Its content is the caller's
// until Ask.
func (b *Block) Reserve() int {
	if b.Ring.Free() == 0 {
		return -1
	}
	for i := range b.asked {
		if b.asked[i].state == Free {
			return i
		}
	}
	return -1
}

// Ask puts a request into the ring: op is one of pvio.BlkRead, BlkWrite, BlkFlush, and n
// sectors of the buffer are read or written. It says whether the back end is to be told.
func (b *Block) Ask(buffer int, op uint8, sector uint64, n int) (notify bool) {
	r := (*pvio.BlkRequest)(b.Ring.Request())
	*r = pvio.BlkRequest{Op: op, ID: uint64(buffer), Sector: sector}
	if op == pvio.BlkRead || op == pvio.BlkWrite {
		r.Segments = 1
		r.Segment[0] = pvio.BlkSegment{Grant: b.Buffers[buffer].Ref, Last: uint8(n - 1)}
	}
	return b.push(buffer, op)
}

// Forget asks that sectors be discarded. Reserve gives the number for it.
func (b *Block) Forget(buffer int, sector, n uint64) (notify bool) {
	r := (*pvio.BlkDiscardRequest)(b.Ring.Request())
	*r = pvio.BlkDiscardRequest{Op: pvio.BlkDiscard, ID: uint64(buffer), Sector: sector, Sectors: n}
	return b.push(buffer, pvio.BlkDiscard)
}

func (b *Block) push(buffer int, op uint8) bool {
	a := &b.asked[buffer]
	a.state, a.op = Asked, op
	b.Ring.ReqProd++
	return b.Ring.Push()
}

// Poll takes responses until there are no more, and asks to be told of the next.
func (b *Block) Poll() {
	for !b.Broken {
		n, ok := b.Ring.Responses()
		if !ok {
			b.give("a response to nothing")
			return
		}
		if n == 0 {
			if b.Ring.Sleep() {
				continue
			}
			return
		}
		r := *(*pvio.BlkResponse)(b.Ring.Response())
		b.Ring.RspCons++
		if r.ID >= BlockPages || b.asked[r.ID].state != Asked || b.asked[r.ID].op != r.Op {
			b.give("a response that fits no request")
			return
		}
		b.asked[r.ID].status = r.Status
		b.asked[r.ID].state = Ended
	}
}

// give ends the use of the device.
func (b *Block) give(why string) { b.Broken, b.Why = true, why }

// Outcome is how far a request is, and what became of it once it has ended.
func (b *Block) Outcome(buffer int) (State, int16) {
	return b.asked[buffer].state, b.asked[buffer].status
}

// Release makes a buffer free whose request has ended.
func (b *Block) Release(buffer int) { b.asked[buffer].state = Free }

// Idle says whether no request is on its way, and none waits to be taken.
func (b *Block) Idle() bool {
	return atomic.LoadUint32(&b.Ring.Ring.RspProd) == b.Ring.ReqProd && b.Ring.RspCons == b.Ring.ReqProd
}
