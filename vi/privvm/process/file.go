package process

import "unsafe"

// Files on a disk and sockets, with Linux's system calls.

// Flags of OpenFlags (fcntl.h).
const (
	ReadWrite = 2
	Create    = 0o100
	Truncate  = 0o1000
)

// name copies a path with a zero behind it.
func name(to *[64]byte, path []byte) bool {
	if len(path) >= len(to) {
		return false
	}
	to[copy(to[:], path)] = 0
	return true
}

// OpenFlags opens a file.
func OpenFlags(path []byte, flags uint64) int64 {
	var at [64]byte
	if !name(&at, path) {
		return -2
	}
	return sys(2, Addr(unsafe.Pointer(&at)), flags, 0o644, 0, 0, 0)
}

// Sync makes what was written to a file outlive a crash.
func Sync(fd int) int64 { return sys(74, uint64(fd), 0, 0, 0, 0, 0) }

// Remove removes a file.
func Remove(path []byte) int64 {
	var at [64]byte
	if !name(&at, path) {
		return -2
	}
	return sys(87, Addr(unsafe.Pointer(&at)), 0, 0, 0, 0, 0)
}

// Rename gives a file another name.
func Rename(from, to []byte) int64 {
	var a, b [64]byte
	if !name(&a, from) || !name(&b, to) {
		return -2
	}
	return sys(82, Addr(unsafe.Pointer(&a)), Addr(unsafe.Pointer(&b)), 0, 0, 0, 0)
}

// SocketAddress is struct sockaddr_in.
type SocketAddress struct {
	Family  uint16
	Port    [2]byte // the higher first
	Address [4]byte
	_       [8]byte
}

// Datagrams makes a socket for UDP on a port of all addresses of ours.
func Datagrams(port uint16) int64 {
	fd := sys(41, 2, 2, 0, 0, 0, 0)
	if fd < 0 {
		return fd
	}
	a := SocketAddress{Family: 2, Port: [2]byte{byte(port >> 8), byte(port)}}
	if r := sys(49, uint64(fd), Addr(unsafe.Pointer(&a)), uint64(unsafe.Sizeof(a)), 0, 0, 0); r < 0 {
		return r
	}
	return fd
}

// Receive waits for a datagram and says whom it is from.
func Receive(fd int, b []byte, from *SocketAddress) int64 {
	size := uint32(unsafe.Sizeof(*from))
	return sys(45, uint64(fd), Addr(unsafe.Pointer(unsafe.SliceData(b))), uint64(len(b)), 0, Addr(unsafe.Pointer(from)), Addr(unsafe.Pointer(&size)))
}

// Send sends a datagram.
func Send(fd int, b []byte, to *SocketAddress) int64 {
	return sys(44, uint64(fd), Addr(unsafe.Pointer(unsafe.SliceData(b))), uint64(len(b)), 0, Addr(unsafe.Pointer(to)), uint64(unsafe.Sizeof(*to)))
}
