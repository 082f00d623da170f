package iommu

import "encoding/binary"

// Codes of events (2.5).
const (
	eventIllegalEntry   = 1
	eventPageFault      = 2
	eventTableError     = 3
	eventPageTableError = 4
	eventIllegalCommand = 5
	eventCommandError   = 6
	hardwareMasterAbort = 1 << 9 // type of an error: nothing answered
	eventCodeShift      = 28     // in the second of its four words
	eventFlagsShift     = 16
)

// Flags of events, as bits from 48 on. PE and RZ mean something with PR alone, RW with memory
// accesses.
const (
	flagInterrupt  = 1 << 3
	flagPresent    = 1 << 4
	flagWrite      = 1 << 5
	flagPermission = 1 << 6
	flagReserved   = 1 << 7
)

// event is what is written down of something that went wrong.
type event struct {
	code    uint32
	device  uint16
	domain  uint16
	flags   uint32
	address uint64
}

// log writes an event into the event log. One for which there is no room is lost, and stops
// the log until software starts it again (2.5.1).
func (u *IOMMU) log(e event) {
	s := &u.state
	if s.Status&statusEventRun == 0 {
		return
	}
	size := bufferBytes(s.EventBase)
	if size == 0 {
		return
	}
	next := (s.EventTail + entryBytes) % size
	if next == s.EventHead%size {
		s.Status &^= statusEventRun
		u.set(statusOverflow)
		return
	}
	var b [entryBytes]byte
	le := binary.LittleEndian
	le.PutUint32(b[0:], uint32(e.device))
	le.PutUint32(b[4:], uint32(e.domain)|e.flags<<eventFlagsShift|e.code<<eventCodeShift)
	le.PutUint64(b[8:], e.address)
	u.host.WriteRAM(s.EventBase&addressBits+s.EventTail%size, b[:])
	s.EventTail = next
	u.set(statusEventInterrupt)
}

// bufferBytes is the size of a buffer by its base register, 0 if its length is reserved.
func bufferBytes(base uint64) uint64 {
	n := base & lengthBits >> lengthShift
	if n < leastLength {
		return 0
	}
	return entryBytes << n
}
