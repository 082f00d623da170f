package driver

import (
	"sync/atomic"
	"unsafe"
)

// Registers of an NVM Express controller (Base Specification 1.4, 3.1).
const (
	nvmeCAP   = 0x00
	nvmeINTMS = 0x0c
	nvmeCC    = 0x14
	nvmeCSTS  = 0x1c
	nvmeAQA   = 0x24
	nvmeASQ   = 0x28
	nvmeACQ   = 0x30
	nvmeBells = 0x1000

	ccEnable  = 1 << 0
	ccEntries = 6<<16 | 4<<20 // IOSQES, IOCQES: entries of 64 and 16 bytes
	csReady   = 1 << 0
	csFatal   = 1 << 1
)

// Commands (5, 6).
const (
	adminCreateSQ = 0x01
	adminCreateCQ = 0x05
	adminIdentify = 0x06

	nvmFlush   = 0x00
	nvmWrite   = 0x01
	nvmRead    = 0x02
	nvmDataset = 0x09
)

// Sizes of this driver. A command's list of pages has a fixed place.
const (
	nvmeDepth  = 64 // entries of a queue: one page of the submission queue
	nvmePages  = 32 // of a command, at most
	nvmeList   = nvmePages * 8
	nvmeReset  = 30e9 // ns: CAP.TO says less on most, and no disk takes longer
	nvmeAnswer = 5e9  // ns, of a command at the start
	nvmeSector = 9    // only sectors of 512 bytes
	namespace  = 1    // the only one used
)

// NVMe is the driver of one controller and one namespace. Registers and Kernel are set
// before Start.
type NVMe struct {
	Registers Registers
	Kernel    *Kernel
	Sectors   uint64 // of 512 bytes
	Why       string // what it failed at, after Start or Check returned false

	stride uint32 // of doorbells, bytes
	admin  queuePair
	io     queuePair
	lists  [nvmeDepth * nvmeList / pageSize]Page
	free   [nvmeDepth]uint16 // identifiers of commands that are free
	nfree  int
	tag    [nvmeDepth]uint32
	since  [nvmeDepth]uint64 // when the command was given, 0 = free
	ready  bool
}

// queuePair is a submission and a completion queue of nvmeDepth entries.
type queuePair struct {
	number     uint32
	sq, cq     Page
	tail, head uint32 // of submissions, of completions
	sqHead     uint32 // as the controller said last
	phase      uint16
}

// submission is an entry of a submission queue (4.2).
type submission struct {
	opcode uint8
	_      uint8 // fused, PRPs
	id     uint16
	nsid   uint32
	_      [2]uint64
	prp    [2]uint64
	cdw    [6]uint32 // 10 to 15
}

// completion is an entry of a completion queue (4.6).
type completion struct {
	result uint32
	_      uint32
	sqHead uint16
	sqID   uint16
	id     uint16
	status uint16 // phase in bit 0
}

// Start resets the controller, which ends all commands that it had, and makes one pair of
// queues, with an interrupt on the vector given. It is false with a reason in Why.
func (n *NVMe) Start(vector uint32) bool {
	n.ready, n.Why = false, ""
	if !n.Stop() {
		return n.fails("the controller does not stop")
	}
	n.stride = 4 << (n.Registers.read(nvmeCAP+4) & 15)
	if !n.memory() {
		return n.fails("no memory for queues")
	}
	n.admin.reset(0)
	n.io.reset(1)
	r := &n.Registers
	r.write(nvmeAQA, (nvmeDepth-1)<<16|nvmeDepth-1)
	r.write(nvmeASQ, uint32(n.admin.sq.Machine))
	r.write(nvmeASQ+4, uint32(n.admin.sq.Machine>>32))
	r.write(nvmeACQ, uint32(n.admin.cq.Machine))
	r.write(nvmeACQ+4, uint32(n.admin.cq.Machine>>32))
	r.write(nvmeCC, ccEnable|ccEntries)
	if !n.Kernel.until(r, nvmeCSTS, csReady|csFatal, csReady, nvmeReset) {
		return n.fails("the controller does not become ready")
	}
	if !n.identify() {
		return false
	}
	cq := submission{opcode: adminCreateCQ, prp: [2]uint64{n.io.cq.Machine}, cdw: [6]uint32{(nvmeDepth-1)<<16 | 1, vector<<16 | 3}}
	sq := submission{opcode: adminCreateSQ, prp: [2]uint64{n.io.sq.Machine}, cdw: [6]uint32{(nvmeDepth-1)<<16 | 1, 1<<16 | 1}}
	if !n.command(&cq) || !n.command(&sq) {
		return n.fails("no queues for reads and writes")
	}
	for i := range n.free {
		n.free[i], n.since[i] = uint16(i), 0
	}
	n.nfree = nvmeDepth - 1 // a full queue looks like an empty one (4.1.1)
	n.ready = true
	return true
}

// Stop resets the controller (3.1.5, CC.EN): after it no command is under way, and the
// controller touches no memory.
func (n *NVMe) Stop() bool {
	n.ready = false
	r := &n.Registers
	if cc := r.read(nvmeCC); cc&ccEnable != 0 {
		// EN may not be cleared before a start has come to its end (3.1.5).
		n.Kernel.until(r, nvmeCSTS, csReady, csReady, nvmeReset)
		r.write(nvmeCC, cc&^ccEnable)
	}
	return n.Kernel.until(r, nvmeCSTS, csReady, 0, nvmeReset)
}

func (n *NVMe) fails(why string) bool {
	n.Why = why
	return false
}

// memory takes pages, at the first start only.
func (n *NVMe) memory() bool {
	if n.admin.sq.At != nil {
		return true
	}
	for i := range n.lists {
		if !n.page(&n.lists[i]) {
			return false
		}
	}
	return n.page(&n.io.sq) && n.page(&n.io.cq) && n.page(&n.admin.cq) && n.page(&n.admin.sq)
}

func (n *NVMe) page(p *Page) (ok bool) {
	*p, ok = n.Kernel.Page()
	return ok
}

// reset makes a pair of queues empty.
func (q *queuePair) reset(number uint32) {
	q.number, q.tail, q.head, q.sqHead, q.phase = number, 0, 0, 0, 1
	clear((*[pageSize / 8]uint64)(q.cq.At)[:])
}

// full says whether there is no room for a submission.
func (q *queuePair) full() bool { return (q.tail+1)%nvmeDepth == q.sqHead }

// put writes a submission; ring tells the controller.
func (q *queuePair) put(s *submission) {
	(*[nvmeDepth]submission)(q.sq.At)[q.tail] = *s
	q.tail = (q.tail + 1) % nvmeDepth
}

func (n *NVMe) ring(q *queuePair) { n.Registers.write(nvmeBells+2*q.number*n.stride, q.tail) }

// take takes the next completion, if there is one.
func (n *NVMe) take(q *queuePair) (c completion, ok bool) {
	at := &(*[pageSize / 16]completion)(q.cq.At)[q.head]
	// The word with the phase is read before the others: the controller writes it last.
	word := atomic.LoadUint64((*uint64)(unsafe.Add(unsafe.Pointer(at), 8)))
	if uint16(word>>48)&1 != q.phase {
		return c, false
	}
	c = *at
	q.sqHead = uint32(c.sqHead) % nvmeDepth
	if q.head++; q.head == nvmeDepth {
		q.head, q.phase = 0, q.phase^1
	}
	n.Registers.write(nvmeBells+(2*q.number+1)*n.stride, q.head)
	return c, true
}

// command gives an admin command and waits for its end.
func (n *NVMe) command(s *submission) bool {
	n.admin.put(s)
	n.ring(&n.admin)
	for end := n.Kernel.Now() + nvmeAnswer; ; n.Kernel.Wait() {
		if c, ok := n.take(&n.admin); ok {
			return c.status>>1 == 0
		}
		if n.Kernel.Now() > end || n.Registers.read(nvmeCSTS)&csFatal != 0 {
			return false
		}
	}
}

// identify asks controller and namespace what they can (5.15.2, figures 245 and 247).
func (n *NVMe) identify() bool {
	page := n.lists[0]
	about := (*[pageSize]byte)(page.At)
	if s := (submission{opcode: adminIdentify, prp: [2]uint64{page.Machine}, cdw: [6]uint32{1}}); !n.command(&s) {
		return n.fails("the controller does not say what it is")
	}
	if mdts := about[77]; mdts != 0 && 1<<min(mdts, 16) < nvmePages {
		return n.fails("the controller moves too few pages at a time")
	}
	if s := (submission{opcode: adminIdentify, nsid: namespace, prp: [2]uint64{page.Machine}}); !n.command(&s) {
		return n.fails("there is no namespace 1")
	}
	format := *(*uint32)(unsafe.Pointer(&about[128+4*(about[26]&15)]))
	if format>>16&0xff != nvmeSector || format&0xffff != 0 {
		return n.fails("sectors are not of 512 bytes without metadata")
	}
	n.Sectors = *(*uint64)(unsafe.Pointer(about))
	return true
}
