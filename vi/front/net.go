package front

import (
	"resvirt/vi/pvio"
)

// Pages of a network front end.
const (
	NetReceive = 64 // pages offered for packets
	NetSend    = 32 // packets on their way out
)

// Net is the front end of a network interface. Buffers are set before Init.
type Net struct {
	Tx, Rx  pvio.FrontRing
	Address [6]byte
	Receive [NetReceive]Buffer
	Out     [NetSend]Buffer
	Broken  bool
	Why     string
	Count   struct{ Sent, Refused, Received, Bad uint64 }

	sending [NetSend]bool
	slot    [256]uint8 // page offered in a slot of the ring of received packets
}

// Init makes new rings and offers all pages.
func (n *Net) Init(tx, rx *pvio.SharedRing) {
	n.Tx.Init(tx, pvio.NetTxSlot)
	n.Rx.Init(rx, pvio.NetRxSlot)
	n.Broken, n.Why = false, ""
	for i := range n.sending {
		n.sending[i] = false
	}
	for i := range n.Receive {
		n.provide(uint8(i))
	}
	n.Rx.Push()
}

// provide puts a page into the ring.
func (n *Net) provide(page uint8) {
	at := n.Rx.ReqProd
	n.slot[at%uint32(len(n.slot))] = page
	*(*pvio.NetRxRequest)(n.Rx.Request()) = pvio.NetRxRequest{ID: uint16(at % n.Rx.Size()), Grant: n.Receive[page].Ref}
	n.Rx.ReqProd++
}

// Reserve finds a page for a packet to send, or below 0 while all are on their way.
func (n *Net) Reserve() int {
	n.takeSent()
	if n.Broken || n.Tx.Free() == 0 {
		return -1
	}
	for i := range n.sending {
		if !n.sending[i] {
			return i
		}
	}
	return -1
}

// Send sends the first bytes of a page; blank means that the checksum is left to others.
// It says whether the back end is to be told.
func (n *Net) Send(page, size int, blank bool) (notify bool) {
	r := pvio.NetTxRequest{Grant: n.Out[page].Ref, ID: uint16(page), Size: uint16(size)}
	if blank {
		r.Flags = pvio.NetChecksumBlank | pvio.NetDataValid
	}
	*(*pvio.NetTxRequest)(n.Tx.Request()) = r
	n.sending[page] = true
	n.Tx.ReqProd++
	return n.Tx.Push()
}

// takeSent takes the responses to packets that were sent.
func (n *Net) takeSent() {
	for !n.Broken {
		k, ok := n.Tx.Responses()
		if !ok {
			n.give("a response to nothing sent")
			return
		}
		if k == 0 {
			return
		}
		r := *(*pvio.NetTxResponse)(n.Tx.Response())
		n.Tx.RspCons++
		if r.Status == pvio.NetNull {
			continue
		}
		if int(r.ID) >= NetSend || !n.sending[r.ID] {
			n.give("a response that fits no packet")
			return
		}
		n.sending[r.ID] = false
		if n.Count.Sent++; r.Status != pvio.NetOkay {
			n.Count.Refused++
		}
	}
}

// Next is the next received packet; its page is offered again by Return. A page is
// below 0 where none waits: the back end then tells of the next.
func (n *Net) Next() (page int, data []byte, blank bool) {
	for !n.Broken {
		k, ok := n.Rx.Responses()
		if !ok {
			n.give("a packet that nobody made room for")
			break
		}
		if k == 0 {
			if n.Rx.Sleep() {
				continue
			}
			break
		}
		r := *(*pvio.NetRxResponse)(n.Rx.Response())
		page := int(n.slot[n.Rx.RspCons%uint32(len(n.slot))])
		n.Rx.RspCons++
		if r.Status <= 0 || r.Flags&(pvio.NetMoreData|pvio.NetExtraInfo) != 0 || int(r.Offset)+int(r.Status) > pvio.PageSize {
			n.Count.Bad++ // several pieces are not asked for, since feature-sg is not announced
			n.Return(page)
			continue
		}
		n.Count.Received++
		return page, n.Receive[page].Data[r.Offset:][:r.Status], r.Flags&pvio.NetChecksumBlank != 0
	}
	return -1, nil, false
}

// Return offers a page again and says whether the back end is to be told.
func (n *Net) Return(page int) (notify bool) {
	n.provide(uint8(page))
	return n.Rx.Push()
}

func (n *Net) give(why string) { n.Broken, n.Why = true, why }
