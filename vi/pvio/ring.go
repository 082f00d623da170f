package pvio

import (
	"sync/atomic"
	"unsafe"
)

// PageSize is what a ring takes, in bytes.
const PageSize = 4096

// SharedRing begins the page of a ring (ring.h). Requests and responses share
// slots: the response to a request may overwrite any slot whose request has been
// taken. Counters run freely, modulo 2³².
type SharedRing struct {
	ReqProd, ReqEvent uint32
	RspProd, RspEvent uint32
	_                 [48]byte
}

// ringHeader is where the slots begin.
const ringHeader = uint32(unsafe.Sizeof(SharedRing{}))

// RingSize is the number of slots, of some bytes each, in a ring of one page:
// the largest power of two that fits (__CONST_RING_SIZE).
func RingSize(slot uint32) uint32 {
	n := uint32(1)
	for n*2*slot <= PageSize-ringHeader {
		n *= 2
	}
	return n
}

// InitRing makes an empty ring of a page of zeros (SHARED_RING_INIT).
func InitRing(s *SharedRing) {
	*s = SharedRing{ReqEvent: 1, RspEvent: 1}
}

// slotAt is slot i of a ring.
func slotAt(s *SharedRing, i, slot, size uint32) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(s), ringHeader+(i&(size-1))*slot)
}

// FrontRing is the end that asks.
type FrontRing struct {
	Ring       *SharedRing
	slot, size uint32
	ReqProd    uint32 // requests written, told or not
	RspCons    uint32 // responses taken
}

// Init begins with a new ring whose slots have some bytes each.
func (f *FrontRing) Init(s *SharedRing, slot uint32) {
	InitRing(s)
	*f = FrontRing{Ring: s, slot: slot, size: RingSize(slot)}
}

// Size is the number of slots.
func (f *FrontRing) Size() uint32 { return f.size }

// Free is the number of requests that can still be written.
func (f *FrontRing) Free() uint32 { return f.size - (f.ReqProd - f.RspCons) }

// Request is the slot of the next request; Write counts it.
func (f *FrontRing) Request() unsafe.Pointer { return slotAt(f.Ring, f.ReqProd, f.slot, f.size) }

// Push publishes the requests written so far and says whether the other end wants
// to be told (RING_PUSH_REQUESTS_AND_CHECK_NOTIFY).
func (f *FrontRing) Push() bool {
	return push(&f.Ring.ReqProd, &f.Ring.ReqEvent, f.ReqProd)
}

// Responses is how many responses wait. It is false when the other end claims more
// than were asked for: then the ring cannot be trusted any more.
func (f *FrontRing) Responses() (uint32, bool) {
	n := atomic.LoadUint32(&f.Ring.RspProd) - f.RspCons
	return n, n <= f.ReqProd-f.RspCons
}

// Response is the slot of the next response; the caller takes a copy before it looks
// at it, and counts RspCons up.
func (f *FrontRing) Response() unsafe.Pointer { return slotAt(f.Ring, f.RspCons, f.slot, f.size) }

// Sleep asks to be told of the next response, and says whether one has come already
// (RING_FINAL_CHECK_FOR_RESPONSES).
func (f *FrontRing) Sleep() (more bool) {
	atomic.StoreUint32(&f.Ring.RspEvent, f.RspCons+1)
	return atomic.LoadUint32(&f.Ring.RspProd) != f.RspCons
}

// BackRing is the end that answers.
type BackRing struct {
	Ring       *SharedRing
	slot, size uint32
	ReqCons    uint32 // requests taken
	RspProd    uint32 // responses written, told or not
}

// Attach takes over a ring as it stands, new or in use: every request that has no
// response yet is to be done (again). It is false when the other end claims more
// requests than fit (BACK_RING_ATTACH).
func (b *BackRing) Attach(s *SharedRing, slot uint32) bool {
	done := atomic.LoadUint32(&s.RspProd)
	*b = BackRing{Ring: s, slot: slot, size: RingSize(slot), ReqCons: done, RspProd: done}
	n, ok := b.Requests()
	return ok && n <= b.size
}

// Size is the number of slots.
func (b *BackRing) Size() uint32 { return b.size }

// Requests is how many requests wait. It is false when the other end claims more than
// it may: more than the slots that have no response yet (RING_REQUEST_PROD_OVERFLOW).
func (b *BackRing) Requests() (uint32, bool) {
	prod := atomic.LoadUint32(&b.Ring.ReqProd)
	return prod - b.ReqCons, prod-b.RspProd <= b.size
}

// Request is the slot of the next request. The other end may change it at any time:
// take a copy, look only at the copy, and count ReqCons up.
func (b *BackRing) Request() unsafe.Pointer { return slotAt(b.Ring, b.ReqCons, b.slot, b.size) }

// RequestAt is the slot of request i, counted as ReqCons is.
func (b *BackRing) RequestAt(i uint32) unsafe.Pointer { return slotAt(b.Ring, i, b.slot, b.size) }

// Response is the slot of the next response; the caller writes it and counts RspProd up.
func (b *BackRing) Response() unsafe.Pointer { return slotAt(b.Ring, b.RspProd, b.slot, b.size) }

// Push publishes the responses written so far and says whether the other end wants to
// be told.
func (b *BackRing) Push() bool {
	return push(&b.Ring.RspProd, &b.Ring.RspEvent, b.RspProd)
}

// Sleep asks to be told of the next request, and says whether one has come already.
func (b *BackRing) Sleep() (more bool) {
	atomic.StoreUint32(&b.Ring.ReqEvent, b.ReqCons+1)
	return atomic.LoadUint32(&b.Ring.ReqProd) != b.ReqCons
}

// push moves a producer's counter and says whether that passed the other end's event
// counter. The exchange orders the store before the load, which x86 alone does not.
func push(prod, event *uint32, to uint32) (notify bool) {
	old := atomic.SwapUint32(prod, to)
	return to-atomic.LoadUint32(event) < to-old
}
