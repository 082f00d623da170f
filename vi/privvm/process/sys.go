package process

import "unsafe"

// Implemented in entry_amd64.s.

// Boot is a program's first code.
func Boot()

// Failed is where checks of compiled code end.
func Failed()

func sys(n, a1, a2, a3, a4, a5, a6 uint64) int64

// The parts of a runtime that compiled code needs: a g and the slot that points to it.
var (
	g0  [64]uint64
	tls [2]uint64
)

// Addr and Ptr convert between addresses and pointers; nothing here moves.
func Addr(p unsafe.Pointer) uint64 { return uint64(uintptr(p)) }

// Ptr is the inverse of Addr.
func Ptr(a uint64) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&a)) }

// Read reads from a file and returns the number of bytes, or a negative error, as all
// calls here do.
func Read(fd int, b []byte) int64 {
	return sys(0, uint64(fd), Addr(unsafe.Pointer(unsafe.SliceData(b))), uint64(len(b)), 0, 0, 0)
}

// Write writes to a file.
func Write(fd int, b []byte) int64 {
	return sys(1, uint64(fd), Addr(unsafe.Pointer(unsafe.SliceData(b))), uint64(len(b)), 0, 0, 0)
}

// Open opens a file.
func Open(path string) int64 {
	var name [64]byte
	if len(path) >= len(name) {
		return -2
	}
	copy(name[:], path)
	return sys(2, Addr(unsafe.Pointer(&name)), 2, 0, 0, 0, 0)
}

// Close closes a file.
func Close(fd int) int64 { return sys(3, uint64(fd), 0, 0, 0, 0, 0) }

// PollFD is struct pollfd.
type PollFD struct {
	FD              int32
	Events, Revents uint16
}

// PollIn asks poll for what can be read.
const PollIn = 1

// Poll waits until a file is ready; ms < 0 is for ever.
func Poll(fds []PollFD, ms int32) int64 {
	return sys(7, Addr(unsafe.Pointer(unsafe.SliceData(fds))), uint64(len(fds)), uint64(uint32(ms)), 0, 0, 0)
}

// Size is a file's size.
func Size(fd int) int64 { return sys(8, uint64(fd), 0, 2, 0, 0, 0) }

// Map maps n bytes of a file.
func Map(fd int, n uint64, write bool, offset uint64) int64 {
	prot := uint64(1)
	if write {
		prot = 3
	}
	return sys(9, 0, n, prot, 1, uint64(fd), offset)
}

// Unmap removes n bytes of memory.
func Unmap(at, n uint64) int64 { return sys(11, at, n, 0, 0, 0, 0) }

func ioctl(fd int, cmd uint64, arg unsafe.Pointer) int64 {
	return sys(16, uint64(fd), cmd, Addr(arg), 0, 0, 0)
}

// Now is the system time in nanoseconds.
func Now() uint64 {
	var ts [2]uint64
	sys(228, 1, Addr(unsafe.Pointer(&ts)), 0, 0, 0, 0)
	return ts[0]*1000000000 + ts[1]
}

// Sleep lets so many nanoseconds pass.
func Sleep(ns uint64) {
	ts := [2]uint64{ns / 1000000000, ns % 1000000000}
	sys(35, Addr(unsafe.Pointer(&ts)), 0, 0, 0, 0, 0)
}

// Exit ends the program.
func Exit(status int) {
	for {
		sys(231, uint64(status), 0, 0, 0, 0, 0)
	}
}

// Args are a program's arguments, from its initial stack.
type Args uint64

// Arg is the argument with a number, empty if there are fewer.
func (a Args) Arg(i int) []byte {
	if uint64(i) >= *(*uint64)(Ptr(uint64(a))) {
		return nil
	}
	p := *(*uint64)(Ptr(uint64(a) + 8 + uint64(i)*8))
	n := uint64(0)
	for *(*byte)(Ptr(p + n)) != 0 {
		n++
	}
	return unsafe.Slice((*byte)(Ptr(p)), n)
}

// Errors of Linux that programs here tell apart.
const (
	EINTR  = -4
	EAGAIN = -11
)
