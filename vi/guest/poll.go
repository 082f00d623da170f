package guest

import (
	"unsafe"

	"resvirt/vi/abi"
)

// What poll says (poll.h of Linux).
const (
	pollIn   = 1
	pollOut  = 4
	pollNval = 0x20

	maxPolled = maxFiles
)

// pollFD is struct pollfd.
type pollFD struct {
	fd              int32
	events, revents uint16
}

// sysPoll waits until one of some files is ready, or so many milliseconds; for ever with a
// negative number. Pipes cannot be waited for.
func sysPoll(at, n, timeout uint64) int64 {
	if n > maxPolled {
		return -abi.EINVAL
	}
	end := uint64(0)
	if int32(timeout) >= 0 {
		end = now() + uint64(uint32(timeout))*1000000
	}
	for {
		ready, ok := pollOnce(at, n)
		switch {
		case !ok:
			return -abi.EFAULT
		case ready > 0 || end != 0 && now() >= end:
			return ready
		}
		if end != 0 {
			current.wakeAt = end
			arm(end)
		}
		if r := waitFile(); r < 0 {
			current.wakeAt = 0
			return r
		}
	}
}

// pollOnce looks at the files and counts those that are ready.
func pollOnce(at, n uint64) (ready int64, ok bool) {
	for i := range n {
		var p pollFD
		here := at + i*8
		if !copyIn(addr(unsafe.Pointer(&p)), here, 8) {
			return 0, false
		}
		if p.revents = pollFile(p.fd) & (p.events | pollNval); p.fd < 0 {
			p.revents = 0
		}
		if p.revents != 0 {
			ready++
		}
		if !copyOut(here, addr(unsafe.Pointer(&p)), 8) {
			return 0, false
		}
	}
	return ready, true
}

func pollFile(n int32) uint16 {
	f := fd(uint64(uint32(n)))
	switch {
	case f == nil || f.kind == filePipeRead || f.kind == filePipeWrite:
		return pollNval
	case f.kind == fileConsole:
		return pollOut
	case f.ops().ready == nil:
		return pollIn | pollOut
	}
	return f.ops().ready(f.n)
}
