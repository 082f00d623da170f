package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// hyperPhysdevOp is physdev_op as far as a guest without devices calls it.
func hyperPhysdevOp(cmd, arg, _, _, _ uint64) int64 {
	v := current()
	switch cmd {
	case abi.PhysdevopSetIOPL:
		var s abi.PhysdevSetIOPL
		if !fromGuest(unsafe.Pointer(&s), arg, uint64(unsafe.Sizeof(s))) {
			return -abi.EFAULT
		}
		if s.IOPL > 3 {
			return -abi.EINVAL
		}
		v.arch.iopl = s.IOPL
		return 0
	case abi.PhysdevopSetIOBitmap:
		var s abi.PhysdevSetIOBitmap
		if !fromGuest(unsafe.Pointer(&s), arg, uint64(unsafe.Sizeof(s))) {
			return -abi.EFAULT
		}
		if s.NrPorts > 65536 || s.Bitmap != 0 && !guestRange(s.Bitmap, (uint64(s.NrPorts)+7)/8) {
			return -abi.EINVAL
		}
		return 0 // no port is anybody's: what the map allows reads as all ones for nobody
	case abi.PhysdevopIRQStatusQuery, abi.PhysdevopEOI:
		return -abi.EINVAL // no interrupt is bound
	}
	return -abi.ENOSYS
}
