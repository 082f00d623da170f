package pvio

// XenStore's wire (xs_wire.h; docs/misc/xenstore.txt, xenstore-ring.txt).

// Sizes. A longer payload costs a client its connection, a longer path an error.
const (
	StorePayload = 4096
	StoreRing    = 1024
	StoreAbsPath = 3072
	StoreRelPath = 2048
)

// StorePage is the page that a domain shares with XenStore: two rings of bytes, whose
// counters run freely and need not start at 0.
type StorePage struct {
	Req, Rsp         [StoreRing]byte
	ReqCons, ReqProd uint32
	RspCons, RspProd uint32
	Features         uint32 // what the server can do
	Connection       uint32
	Error            uint32
	Port             uint32 // of a domain that the hypervisor built
}

// StoreHeader begins each message. An answer has type, ID and transaction of its
// request; a watch event has none of them.
type StoreHeader struct{ Type, ID, Transaction, Length uint32 }

// Types of message.
const (
	StoreControl            = 0
	StoreDirectory          = 1
	StoreRead               = 2
	StoreGetPerms           = 3
	StoreWatch              = 4
	StoreUnwatch            = 5
	StoreTransactionStart   = 6
	StoreTransactionEnd     = 7
	StoreIntroduce          = 8
	StoreRelease            = 9
	StoreGetDomainPath      = 10
	StoreWrite              = 11
	StoreMkdir              = 12
	StoreRm                 = 13
	StoreSetPerms           = 14
	StoreWatchEvent         = 15
	StoreError              = 16
	StoreIsDomainIntroduced = 17
	StoreResume             = 18
	StoreSetTarget          = 19
	StoreResetWatches       = 21
	StoreDirectoryPart      = 22
	StoreGetFeature         = 23
	StoreSetFeature         = 24
	StoreGetQuota           = 25
	StoreSetQuota           = 26
	StoreInvalid            = 0xffff // will never be one
)

// StorePage.Features.
const (
	StoreCanReconnect  = 1
	StoreShowsErrors   = 2
	StoreWatchDepth    = 4
	StoreAnyDomain     = 8
	StoreGrant         = 1 // the entry of a domain's grant table that shares its page
	StoreConnected     = 0 // StorePage.Connection
	StoreReconnect     = 1 // set by the guest, cleared by the server
	StoreNoError       = 0 // StorePage.Error
	StoreErrorComm     = 1 // of the event channel
	StoreErrorRing     = 2 // an index that cannot be
	StoreErrorProtocol = 3 // a payload that is too long
)

// StoreErrno is an error as the index of its name in StoreErrors; 0 is none.
type StoreErrno uint8

const (
	StoreOkay StoreErrno = iota
	StoreEINVAL
	StoreEACCES
	StoreEEXIST
	StoreEISDIR
	StoreENOENT
	StoreENOMEM
	StoreENOSPC
	StoreEIO
	StoreENOTEMPTY
	StoreENOSYS
	StoreEROFS
	StoreEBUSY
	StoreEAGAIN
	StoreEISCONN
	StoreE2BIG
	StoreEPERM
)

// StoreErrors are the names of errors as an answer of type StoreError has them.
var StoreErrors = [...]string{"", "EINVAL", "EACCES", "EEXIST", "EISDIR", "ENOENT", "ENOMEM", "ENOSPC", "EIO",
	"ENOTEMPTY", "ENOSYS", "EROFS", "EBUSY", "EAGAIN", "EISCONN", "E2BIG", "EPERM"}

// StoreErrorOf reads an error's name; one that is not known is EINVAL, as Linux has it.
func StoreErrorOf(name []byte) StoreErrno {
	if n := len(name); n > 0 && name[n-1] == 0 {
		name = name[:n-1]
	}
	for i := 1; i < len(StoreErrors); i++ {
		if string(name) == StoreErrors[i] {
			return StoreErrno(i)
		}
	}
	return StoreEINVAL
}
