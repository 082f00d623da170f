package guest

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/ip"
	"resvirt/vi/pvio"
)

// Sockets for UDP, and what a kernel answers by itself: ARP and echoes. Frames are taken in
// the event that tells of them, so that they are answered whatever the processes do.

// System calls of Linux for sockets.
const (
	sysNRSocket   = 41
	sysNRSendto   = 44
	sysNRRecvfrom = 45
	sysNRBind     = 49
)

const (
	familyInet   = 2
	typeDatagram = 2
	nonBlock     = 0o4000 // SOCK_NONBLOCK
	dontWait     = 0x40   // MSG_DONTWAIT

	pollReadable = 1
)

var (
	network   ip.Stack
	stackOut  [14 + ip.MTU]byte
	datagram  [ip.MaxData]byte // between a process and the stack
	netKind   uint8            // of files that are sockets
	socketOps = fileOps{close: socketClose, dup: socketDup, ready: socketReady}

	sockets [ip.Sockets]struct {
		uses     uint16
		nonBlock bool
	}
)

// socketAddress is struct sockaddr_in. Port and address have their bytes in network order.
type socketAddress struct {
	family  uint16
	port    [2]byte
	address [4]byte
	_       [8]byte
}

// startNet takes the interface's address from the command line, "ip=10.0.0.2/24 gw=10.0.0.1",
// and tells the network.
func startNet() {
	network.Hardware, network.Out, network.Transmit = net.Address, &stackOut, transmit
	address, bits, ok := parseAddress(textOption("ip="))
	if !ok {
		return
	}
	network.Address, network.Mask = address, ^ip.Addr(0)<<(32-bits)
	network.Gateway, _, _ = parseAddress(textOption("gw="))
	netKind = registerFiles(&socketOps)
	network.Announce()
}

// parseAddress reads an address, with a number of bits behind a slash that is 32 if absent.
func parseAddress(text []byte) (a ip.Addr, bits uint, ok bool) {
	v, parts := uint64(0), 0
	bits = 32
	for i := 0; ; {
		begin := i
		for i < len(text) && text[i] != '.' && text[i] != '/' {
			i++
		}
		n, good := pvio.Number(text[begin:i])
		if !good || n > 255 {
			return 0, 0, false
		}
		if parts == 4 {
			return a, uint(n), n <= 32 && i == len(text)
		}
		v = v<<8 | n
		parts++
		a = ip.Addr(v)
		if i == len(text) {
			return a, bits, parts == 4
		}
		if (text[i] == '/') != (parts == 4) {
			return 0, 0, false
		}
		i++
	}
}

// transmit sends the stack's frame; it is lost where no page is left, as in any network.
func transmit(n int, blank bool) {
	page := net.Reserve()
	if page < 0 {
		network.Count.Dropped++
		return
	}
	copy(net.Out[page].Data[:n], stackOut[:n])
	if net.Send(page, n, blank) {
		Notify(net.Port)
	}
}

// netPoll takes the frames that came in.
func netPoll() {
	if network.Address == 0 {
		return
	}
	tell := false
	for {
		page, data, blank := net.Next()
		if page < 0 {
			break
		}
		network.Input(data, blank)
		tell = net.Return(page) || tell
	}
	if tell {
		Notify(net.Port)
	}
	if net.Broken && !netReported {
		netReported = true
		report("answer of the network's back end", uint64(net.Rx.RspCons))
	}
}

var netReported bool

func socketDup(n uint16) { sockets[n&3].uses++ }

func socketClose(n uint16) {
	if s := &sockets[n&3]; s.uses == 1 {
		s.uses = 0
		network.Close(int(n & 3))
	} else {
		s.uses--
	}
}

func socketReady(n uint16) uint16 {
	netPoll()
	if network.Waiting(int(n&3)) > 0 {
		return pollReadable | pollOut
	}
	return pollOut
}

// sysSocket makes a socket; it gets a port when it is bound, or sends first.
func sysSocket(family, kind uint64) int64 {
	if family != familyInet || kind&^nonBlock != typeDatagram {
		return -abi.EINVAL
	}
	at := freeFD()
	if at < 0 {
		return -abi.EMFILE
	}
	n := network.Open(0)
	if n < 0 {
		return -abi.ENFILE
	}
	sockets[n].uses, sockets[n].nonBlock = 1, kind&nonBlock != 0
	current.files[at] = file{kind: netKind, n: uint16(n)}
	return int64(at)
}

// sysBind gives a socket its port. The address must be ours, or 0.
func sysBind(n int, at, size uint64) int64 {
	var a socketAddress
	if size < 8 || !copyIn(addr(unsafe.Pointer(&a)), at, uint64(unsafe.Sizeof(a))) {
		return -abi.EFAULT
	}
	to := a.ip()
	if a.family != familyInet || to != 0 && to != network.Address {
		return -abi.EINVAL
	}
	if !network.Bind(n, a.number()) {
		return -abi.EADDRINUSE
	}
	return 0
}

func (a *socketAddress) ip() ip.Addr {
	return ip.Addr(a.address[0])<<24 | ip.Addr(a.address[1])<<16 | ip.Addr(a.address[2])<<8 | ip.Addr(a.address[3])
}

func (a *socketAddress) number() uint16 { return uint16(a.port[0])<<8 | uint16(a.port[1]) }

// Where an address is, is asked so many times, and so long is waited for the answer (ns).
const (
	asks    = 8
	askWait = 250000
)

// sysSendto sends a datagram.
func sysSendto(n int, buf, size, to, tosize uint64) int64 {
	var a socketAddress
	if size > ip.MaxData {
		return -abi.EMSGSIZE
	}
	if tosize < 8 || !copyIn(addr(unsafe.Pointer(&a)), to, uint64(unsafe.Sizeof(a))) || a.family != familyInet {
		return -abi.EINVAL
	}
	for range asks {
		if !copyIn(addr(unsafe.Pointer(&datagram)), buf, size) {
			return -abi.EFAULT
		}
		if network.Send(n, a.ip(), a.number(), datagram[:size]) {
			return int64(size)
		}
		sleepUntil(now() + askWait)
	}
	return -abi.EHOSTUNREACH
}

// sysRecvfrom takes the next datagram; it waits for one unless it must not.
func sysRecvfrom(n int, buf, size, flags, from, fromsize uint64) int64 {
	for {
		netPoll()
		k, who, port := network.Receive(n, datagram[:])
		if k >= 0 {
			k = int(min(uint64(k), size))
			a := socketAddress{family: familyInet, port: [2]byte{byte(port >> 8), byte(port)}, address: [4]byte{byte(who >> 24), byte(who >> 16), byte(who >> 8), byte(who)}}
			length := uint32(unsafe.Sizeof(a))
			if !copyOut(buf, addr(unsafe.Pointer(&datagram)), uint64(k)) ||
				from != 0 && (!copyOut(from, addr(unsafe.Pointer(&a)), uint64(length)) || !copyOut(fromsize, addr(unsafe.Pointer(&length)), 4)) {
				return -abi.EFAULT
			}
			return int64(k)
		}
		if flags&dontWait != 0 || sockets[n].nonBlock {
			return -abi.EAGAIN
		}
		if r := waitFile(); r < 0 {
			return r
		}
	}
}

// deviceCall executes the system calls of disk and network.
func deviceCall(f *trapFrame) int64 {
	switch f.RAX {
	case sysNRPread, sysNRPwrite, sysNRFsync, sysNRFtruncate, sysNRRename, sysNRUnlink:
		if hasDisk {
			return diskCall(f)
		}
	case sysNRSocket:
		if netKind != 0 {
			return sysSocket(f.RDI, f.RSI)
		}
	case sysNRBind, sysNRSendto, sysNRRecvfrom:
		o, n := otherFile(f.RDI)
		if o != &socketOps {
			return -abi.EBADF
		}
		switch f.RAX {
		case sysNRBind:
			return sysBind(int(n&3), f.RSI, f.RDX)
		case sysNRSendto:
			return sysSendto(int(n&3), f.RSI, f.RDX, f.R8, f.R9)
		}
		return sysRecvfrom(int(n&3), f.RSI, f.RDX, f.R10, f.R8, f.R9)
	}
	return -abi.ENOSYS
}
