package guest

import (
	"math/bits"
	"unsafe"

	"resvirt/vi/abi"
)

// /dev/xen/evtchn (include/uapi/xen/evtchn.h of Linux): event channels of processes. A port
// that had an event stays masked until the process has written its number back; reading
// gives the ports that had one, and waits for the first.

// Commands of this device.
const (
	evtchnBindVirq        = 0x44500
	evtchnBindInterdomain = 0x84501
	evtchnBindUnbound     = 0x44502
	evtchnUnbind          = 0x44503
	evtchnNotify          = 0x44504
)

// portSet is a set of ports.
type portSet [len(ports) / 64]uint64

func (s *portSet) has(port uint32) bool { return s[port/64]>>(port%64)&1 != 0 }
func (s *portSet) add(port uint32)      { s[port/64] |= 1 << (port % 64) }
func (s *portSet) remove(port uint32)   { s[port/64] &^= 1 << (port % 64) }

// first is the lowest port of the set, 0 for none.
func (s *portSet) first() uint32 {
	for i, w := range s {
		if w != 0 {
			return uint32(i*64 + bits.TrailingZeros64(w))
		}
	}
	return 0
}

// evtchns are the open files of this device: the ports bound through each, and those with
// an event that nobody has read.
var evtchns [8]struct {
	uses           uint16
	bound, pending portSet
}

var evtchnFile = fileOps{
	open: evtchnOpen, dup: func(n uint16) { evtchns[n].uses++ }, close: evtchnClose,
	read: evtchnRead, write: evtchnWrite, ioctl: evtchnIoctl, ready: evtchnReady,
}

func evtchnOpen(path []byte) (uint16, int64) {
	if string(path) != "/dev/xen/evtchn" {
		return 0, -abi.ENOENT
	}
	for i := range evtchns {
		if evtchns[i].uses == 0 {
			evtchns[i].uses = 1
			return uint16(i), 0
		}
	}
	return 0, -abi.EMFILE
}

func evtchnClose(n uint16) {
	e := &evtchns[n]
	if e.uses--; e.uses > 0 {
		return
	}
	for port := e.bound.first(); port != 0; port = e.bound.first() {
		evtchnDrop(n, port)
	}
}

// evtchnDrop closes a port.
func evtchnDrop(n uint16, port uint32) {
	ClosePort(port)
	evtchns[n].bound.remove(port)
	evtchns[n].pending.remove(port)
}

// processEvent notes an event of a port, which has been masked.
func processEvent(port uint32) {
	for i := range evtchns {
		if evtchns[i].bound.has(port) {
			evtchns[i].pending.add(port)
			wakeFiles()
		}
	}
}

func evtchnReady(n uint16) uint16 {
	if evtchns[n].pending.first() != 0 {
		return pollIn | pollOut
	}
	return pollOut
}

// evtchnRead gives as many ports as fit, four bytes each.
func evtchnRead(n uint16, buf, count uint64) int64 {
	e := &evtchns[n]
	if count < 4 {
		return -abi.EINVAL
	}
	for e.pending.first() == 0 {
		if r := waitFile(); r < 0 {
			return r
		}
	}
	done := uint64(0)
	for port := e.pending.first(); port != 0 && done+4 <= count; port = e.pending.first() {
		if !copyOut(buf+done, addr(unsafe.Pointer(&port)), 4) {
			return -abi.EFAULT
		}
		e.pending.remove(port)
		done += 4
	}
	return int64(done)
}

// evtchnWrite lets events of ports through again.
func evtchnWrite(n uint16, buf, count uint64) int64 {
	for done := uint64(0); done+4 <= count; done += 4 {
		var port uint32
		if !copyIn(addr(unsafe.Pointer(&port)), buf+done, 4) {
			return -abi.EFAULT
		}
		if port < uint32(len(ports)) && evtchns[n].bound.has(port) {
			bindPort(port, portProcess)
		}
	}
	return int64(count)
}

// evtchnIoctl answers with a port, where the command makes one.
func evtchnIoctl(n uint16, cmd, arg uint64) int64 {
	var in [2]uint32
	if !copyIn(addr(unsafe.Pointer(&in)), arg, cmd>>16&0x3fff) {
		return -abi.EFAULT
	}
	switch cmd {
	case evtchnBindVirq:
		b := abi.EvtchnBindVirq{Virq: in[0]}
		rc := evtchnOp(abi.EvtchnopBindVirq, unsafe.Pointer(&b))
		return evtchnTake(n, b.Port, rc)
	case evtchnBindInterdomain:
		b := abi.EvtchnBindInterdomain{RemoteDom: uint16(in[0]), RemotePort: in[1]}
		rc := evtchnOp(abi.EvtchnopBindInterdomain, unsafe.Pointer(&b))
		return evtchnTake(n, b.LocalPort, rc)
	case evtchnBindUnbound:
		a := abi.EvtchnAllocUnbound{Dom: abi.DomidSelf, RemoteDom: uint16(in[0])}
		rc := evtchnOp(abi.EvtchnopAllocUnbound, unsafe.Pointer(&a))
		return evtchnTake(n, a.Port, rc)
	case evtchnUnbind, evtchnNotify:
		if in[0] >= uint32(len(ports)) || !evtchns[n].bound.has(in[0]) {
			return -abi.ENOTCONN
		}
		if cmd == evtchnUnbind {
			evtchnDrop(n, in[0])
			return 0
		}
		arg := abi.EvtchnPort{Port: in[0]}
		return evtchnOp(abi.EvtchnopSend, unsafe.Pointer(&arg))
	}
	return -abi.ENOTTY
}

// evtchnTake makes a new port the file's.
func evtchnTake(n uint16, port uint32, rc int64) int64 {
	if rc != 0 {
		return rc
	}
	if port >= uint32(len(ports)) {
		arg := abi.EvtchnPort{Port: port}
		must("close", evtchnOp(abi.EvtchnopClose, unsafe.Pointer(&arg)))
		return -abi.ENOSPC
	}
	evtchns[n].bound.add(port)
	bindPort(port, portProcess)
	return int64(port)
}
