package pvio

import "unsafe"

// Network devices (netif.h).

// Flags of a NetTxRequest and a NetRxResponse.
const (
	NetChecksumBlank = 1 // the checksum is that of the pseudo header only
	NetDataValid     = 2 // the checksum has been checked
	NetMoreData      = 4 // the packet goes on in the next slot
	NetExtraInfo     = 8 // the next slot is a NetExtra
)

// Status of a NetTxResponse.
const (
	NetDropped = -2
	NetError   = -1
	NetOkay    = 0
	NetNull    = 1 // answers a slot of extra information
)

// Kinds of NetExtra, and its flag for another one after it.
const (
	NetExtraNone = 0
	NetExtraGSO  = 1
	NetExtraMore = 1
)

// Sizes of slots, and the slots that a packet may take at least.
const (
	NetTxSlot      = uint32(unsafe.Sizeof(NetTxRequest{}))
	NetRxSlot      = uint32(unsafe.Sizeof(NetRxResponse{}))
	NetSlotsAtMost = 18
)

// NetTxRequest is a packet to send, or a piece of one. The first piece's size is that
// of the whole packet, the others' their own.
type NetTxRequest struct {
	Grant  uint32
	Offset uint16
	Flags  uint16
	ID     uint16
	Size   uint16
}

// NetTxResponse says what became of it.
type NetTxResponse struct {
	ID     uint16
	Status int16
}

// NetExtra is what a packet says of itself beside its data.
type NetExtra struct {
	Type, Flags uint8
	Size        uint16 // of segments, where Type is NetExtraGSO
	Kind        uint8
	_           uint8
	Features    uint16
}

// NetRxRequest offers a page for a packet.
type NetRxRequest struct {
	ID    uint16
	_     uint16
	Grant uint32
}

// NetRxResponse says what the page holds. It stands in the slot of its request:
// Linux's front end does not look at the number.
type NetRxResponse struct {
	ID     uint16
	Offset uint16
	Flags  uint16
	Status int16 // size, or an error below 0
}
