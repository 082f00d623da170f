package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// hyperPhysdevOp is physdev_op. For interrupts and functions see physdev_irq.go.
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
		v.arch.ioMap, v.arch.ioPorts = s.Bitmap, s.NrPorts
		if s.Bitmap == 0 {
			v.arch.ioPorts = 0
		}
		return 0
	}
	if physdevArgSize(cmd) == 0 {
		return -abi.ENOSYS
	}
	return physdevDevice(cmd, arg)
}

// mapAllows says whether the guest's map of ports, which its kernel keeps in its own
// memory, allows an access: a clear bit allows a port. What
// the guest's kernel allows to its user mode it must have itself, see portIO.
func (v *VCPU) mapAllows(port uint16, width uint) bool {
	from, end := uint32(port), uint32(port)+uint32(width)
	if end > v.arch.ioPorts {
		return false
	}
	var b [2]byte
	user := !v.kernelMode()
	if user {
		writeCR3(v.rootOf(true))
	}
	ok := fromGuest(unsafe.Pointer(&b), v.arch.ioMap+uint64(from/8), uint64((end-1)/8-from/8+1))
	if user {
		writeCR3(v.cr3())
	}
	return ok && (uint32(b[0])|uint32(b[1])<<8)>>(from&7)&(1<<width-1) == 0
}
