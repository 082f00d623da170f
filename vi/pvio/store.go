package pvio

// XenStore's wire (xs_wire.h).

// StorePayload is the longest payload of a message.
const StorePayload = 4096

// StorePage is the page that a domain shares with XenStore: two rings of bytes, whose
// counters run freely.
type StorePage struct {
	Req, Rsp         [1024]byte
	ReqCons, ReqProd uint32
	RspCons, RspProd uint32
	Features         uint32
	Connection       uint32
	Error            uint32
	Port             uint32
}

// StoreHeader begins each message.
type StoreHeader struct{ Type, ID, Transaction, Length uint32 }

// Types of message that kernels here send and get.
const (
	StoreDirectory  = 1
	StoreRead       = 2
	StoreWatch      = 4
	StoreUnwatch    = 5
	StoreWrite      = 11
	StoreWatchEvent = 15
)
