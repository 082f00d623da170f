package back

import (
	"unsafe"

	"resvirt/vi/pvio"
)

// MaxFrame is the longest frame that goes through, in bytes without its check sequence:
// 1500 of data behind a header with a tag (IEEE 802.3, 802.1Q).
const MaxFrame = 1518

// Frame is an Ethernet frame, and what is known of its checksum.
type Frame struct {
	Length   int
	Blank    bool // that of TCP or UDP has still to be computed: it holds that of the pseudo header
	Verified bool // it is known to be right
	Data     [2048]byte
}

// Bytes is the frame's content.
func (f *Frame) Bytes() []byte { return f.Data[:f.Length] }

// Net is the back end of one virtual network interface. Its first fields are set
// before Attach.
type Net struct {
	Domain uint16 // the front end's
	Grants *Grants

	Tx, Rx  pvio.BackRing
	Broken  bool // the front end did what it must not: its rings are left alone
	Waiting bool // it has no room for a frame, and will say when it has
	Done    struct {
		Sent, Received, Refused, NoRoom uint64
	}

	slots  [pvio.NetSlotsAtMost]pvio.NetTxRequest
	copies [pvio.NetSlotsAtMost]Copy
}

// Attach takes over both rings as they stand. Packets that were taken but not answered
// are sent again; a network may double a packet.
func (n *Net) Attach(tx, rx *pvio.SharedRing) bool {
	n.Broken = !n.Tx.Attach(tx, pvio.NetTxSlot) || !n.Rx.Attach(rx, pvio.NetRxSlot)
	n.Waiting = false
	return !n.Broken
}

// Detach forgets the rings.
func (n *Net) Detach() { n.Tx.Ring, n.Rx.Ring, n.Broken = nil, nil, true }

// Take copies the next packet that the front end sends. more says whether there was one;
// a frame of length 0 is one that was refused. Told says after a row of packets whether
// the front end wants to know.
func (n *Net) Take(f *Frame) (more bool) {
	f.Length = 0
	if n.Broken {
		return false
	}
	waiting, ok := n.Tx.Requests()
	if ok && waiting == 0 && n.Tx.Sleep() {
		waiting, ok = n.Tx.Requests()
	}
	if !ok || waiting == 0 {
		n.Broken = !ok
		return false
	}
	first := n.Tx.ReqCons
	count, extras := n.gather(waiting)
	if count == 0 {
		n.Broken = true
		return false
	}
	status := int16(pvio.NetError)
	if n.copyPacket(f, count) {
		f.Blank = n.slots[0].Flags&pvio.NetChecksumBlank != 0
		f.Verified = n.slots[0].Flags&(pvio.NetChecksumBlank|pvio.NetDataValid) != 0
		n.Done.Sent++
		status = pvio.NetOkay
	} else {
		n.Done.Refused++
	}
	n.answer(count, extras, status)
	if n.Tx.ReqCons-first != uint32(count+extras) {
		panic("BUG: a packet's slots and responses differ")
	}
	return true
}

// gather takes a copy of the slots of one packet: those with data into n.slots. None
// where the ring ends in the middle, or the packet takes more slots than any may.
func (n *Net) gather(waiting uint32) (count, extras int) {
	first := *(*pvio.NetTxRequest)(n.Tx.Request())
	n.Tx.ReqCons++
	n.slots[0] = first
	more := first.Flags&pvio.NetExtraInfo != 0
	for more {
		if uint32(extras)+1 >= waiting || extras >= 4 {
			return 0, 0
		}
		e := *(*pvio.NetExtra)(n.Tx.Request())
		n.Tx.ReqCons++
		extras++
		more = e.Flags&pvio.NetExtraMore != 0
	}
	count = 1
	for r := first; r.Flags&pvio.NetMoreData != 0; count++ {
		if uint32(count+extras) >= waiting || count == len(n.slots) {
			return 0, 0
		}
		r = *(*pvio.NetTxRequest)(n.Tx.Request())
		n.Tx.ReqCons++
		n.slots[count] = r
	}
	return count, extras
}

// copyPacket copies the pieces in n.slots into a frame. The first one's size is that of
// the whole packet (netif.h).
func (n *Net) copyPacket(f *Frame, count int) bool {
	total, rest := int(n.slots[0].Size), 0
	for i := 1; i < count; i++ {
		rest += int(n.slots[i].Size)
	}
	if total > MaxFrame || total < 14 || rest > total {
		return false
	}
	at := 0
	for i := range count {
		r := &n.slots[i]
		size := int(r.Size)
		if i == 0 {
			size = total - rest
		}
		if int(r.Offset)+size > pvio.PageSize {
			return false
		}
		n.copies[i] = Copy{Ref: r.Grant, Offset: r.Offset, Length: uint16(size), Local: uintptr(unsafe.Pointer(&f.Data)) + uintptr(at)}
		at += size
	}
	n.Grants.From(n.Domain, n.copies[:count])
	for i := range count {
		if !n.copies[i].OK {
			return false
		}
	}
	f.Length = total
	return true
}

// answer writes the responses of a packet: one for each slot, those of extra information
// behind the first (as Linux's netback does).
func (n *Net) answer(count, extras int, status int16) {
	for i := range count {
		*(*pvio.NetTxResponse)(n.Tx.Response()) = pvio.NetTxResponse{ID: n.slots[i].ID, Status: status}
		n.Tx.RspProd++
		for range extras {
			*(*pvio.NetTxResponse)(n.Tx.Response()) = pvio.NetTxResponse{Status: pvio.NetNull}
			n.Tx.RspProd++
		}
		extras = 0
	}
}

// TellSent publishes the responses to sent packets and says whether the front end wants
// to be told.
func (n *Net) TellSent() bool { return !n.Broken && n.Tx.Push() }

// TellReceived does the same for received ones.
func (n *Net) TellReceived() bool { return !n.Broken && n.Rx.Push() }

// Give copies a frame into a page that the front end offers. It is false where there is
// none: then the frame is lost, or the caller keeps it until the front end speaks.
func (n *Net) Give(f *Frame) bool {
	if n.Broken || f.Length == 0 || f.Length > MaxFrame {
		return true // to nobody
	}
	waiting, ok := n.Rx.Requests()
	if ok && waiting == 0 && n.Rx.Sleep() {
		waiting, ok = n.Rx.Requests()
	}
	if !ok {
		n.Broken = true
		return true
	}
	if n.Waiting = waiting == 0; n.Waiting {
		n.Done.NoRoom++
		return false
	}
	r := *(*pvio.NetRxRequest)(n.Rx.Request())
	n.Rx.ReqCons++
	n.copies[0] = Copy{Ref: r.Grant, Length: uint16(f.Length), Local: uintptr(unsafe.Pointer(&f.Data))}
	n.Grants.To(n.Domain, n.copies[:1])
	p := pvio.NetRxResponse{ID: r.ID, Status: int16(f.Length)}
	if !n.copies[0].OK {
		p.Status = pvio.NetError
	} else if f.Blank {
		p.Flags = pvio.NetChecksumBlank | pvio.NetDataValid
	} else if f.Verified {
		p.Flags = pvio.NetDataValid
	}
	n.Done.Received++
	*(*pvio.NetRxResponse)(n.Rx.Response()) = p
	n.Rx.RspProd++
	return true
}
