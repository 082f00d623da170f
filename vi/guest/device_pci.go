package guest

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// /sys/bus/pci/devices/0000:00:DD.F/resource, as Linux has it: what the six base registers
// of a function of bus 0 stand for, one a line: first and last address, and flags. The
// toolstack gives them to a domain with the function. Configuration space is reached by
// mechanism #1 (PCI Local Bus Specification 3.0, 3.2.2.3.2 and 6.2.5).

const (
	configAddress = 0xcf8
	configData    = 0xcfc
	pciBAR        = 0x10

	pciPath  = "/sys/bus/pci/devices/0000:00:"
	pciFile  = "/resource"
	resource = 3 * 19 // bytes of a line

	resourceIO  = 0x100 // Linux's IORESOURCE_IO and IORESOURCE_MEM
	resourceMem = 0x200
)

var pciFiles = fileOps{open: pciOpen, read: pciRead}

func pciOpen(path []byte) (uint16, int64) {
	const n = len(pciPath)
	if len(path) != n+4+len(pciFile) || string(path[:n]) != pciPath || path[n+2] != '.' || string(path[n+4:]) != pciFile {
		return 0, -abi.ENOENT
	}
	high, low, function := path[n]-'0', hexValue(path[n+1]), path[n+3]-'0'
	if high > 1 || low > 15 || function > 7 {
		return 0, -abi.ENOENT
	}
	devfn := uint16(high)<<7 | uint16(low)<<3 | uint16(function)
	if configRead(devfn, 0)&0xffff == 0xffff {
		return 0, -abi.ENOENT
	}
	return devfn, 0
}

func hexValue(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}

func configRead(devfn uint16, at uint32) uint32 {
	bare.Out32(configAddress, 1<<31|uint32(devfn)<<8|at)
	return bare.In32(configData)
}

func configWrite(devfn uint16, at, v uint32) {
	bare.Out32(configAddress, 1<<31|uint32(devfn)<<8|at)
	bare.Out32(configData, v)
}

// pciRead gives all lines at once.
func pciRead(n uint16, buf, count uint64) int64 {
	var lines [6 * resource]byte
	at := 0
	put := func(v uint64) {
		lines[at], lines[at+1] = '0', 'x'
		for i := range 16 {
			lines[at+2+i] = "0123456789abcdef"[v>>(60-4*i)&15]
		}
		lines[at+18] = ' '
		at += 19
	}
	for i := uint32(0); i < 6; i++ {
		first, last, flags, wide := pciSpace(n, i)
		put(first)
		put(last)
		put(flags)
		lines[at-1] = '\n'
		if wide && i < 5 {
			i++
			put(0)
			put(0)
			put(0)
			lines[at-1] = '\n'
		}
	}
	count = min(count, uint64(len(lines)))
	if !copyOut(buf, addr(unsafe.Pointer(&lines)), count) {
		return -abi.EFAULT
	}
	return int64(count)
}

// pciSpace is what a base register stands for; nothing if flags is 0. A wide one takes two.
func pciSpace(devfn uint16, i uint32) (first, last, flags uint64, wide bool) {
	at := pciBAR + 4*i
	was := configRead(devfn, at)
	configWrite(devfn, at, ^uint32(0))
	mask := configRead(devfn, at)
	configWrite(devfn, at, was)
	wide = was&7 == 4
	switch {
	case mask == 0 || mask == ^uint32(0):
		return 0, 0, 0, false
	case was&1 != 0:
		first, flags = uint64(was&^3), resourceIO
		return first, first + uint64(^(mask|0xffff0003)&0xffff|3), flags, false
	}
	first, flags = uint64(was&^15), resourceMem
	if wide && i < 5 {
		first |= uint64(configRead(devfn, at+4)) << 32
	}
	return first, first + uint64(^mask|15), flags, wide
}
