package guest

import (
	"unsafe"

	"resvirt/vi/abi"
)

// /dev/xen/privcmd (include/uapi/xen/privcmd.h of Linux): hypercalls of processes, and
// frames of other domains in them. What a hypercall reads or writes in the process's
// memory must be there: pages that were written once are.

// Commands of this device.
const (
	privcmdHypercall = 0x305000
	privcmdMapBatch  = 0x205004
)

// privcmdMost bounds how many frames one command maps.
const privcmdMost = 4096

var privcmdFile = fileOps{open: privcmdOpen, ioctl: privcmdIoctl, mmap: privcmdMmap}

func privcmdOpen(path []byte) (uint16, int64) {
	if string(path) != "/dev/xen/privcmd" {
		return 0, -abi.ENOENT
	}
	return 0, 0
}

func privcmdIoctl(_ uint16, cmd, arg uint64) int64 {
	switch cmd {
	case privcmdHypercall:
		var a [6]uint64 // number and five arguments
		if !copyIn(addr(unsafe.Pointer(&a)), arg, 48) {
			return -abi.EFAULT
		}
		if a[5] != 0 {
			return -abi.EINVAL // no hypercall here has a fifth
		}
		return hypercall(a[0], a[1], a[2], a[3], a[4])
	case privcmdMapBatch:
		var a mapBatch
		if !copyIn(addr(unsafe.Pointer(&a)), arg, uint64(unsafe.Sizeof(a))) {
			return -abi.EFAULT
		}
		return a.run()
	}
	return -abi.ENOTTY
}

// privcmdMmap makes a range for frames.
func privcmdMmap(_ uint16, length, prot, _ uint64) int64 {
	va, r := addForeign(length, uint8(prot&(protRead|protWrite)))
	if r < 0 {
		return r
	}
	return int64(va)
}

// mapBatch is struct privcmd_mmapbatch_v2: frames of a domain at addr on, and an error for
// each. A frame number of all ones takes out what is mapped there.
type mapBatch struct {
	num    uint32
	domain uint16
	_      uint16
	at     uint64
	frames uint64
	errs   uint64
}

func (b *mapBatch) run() int64 {
	if b.num > privcmdMost || b.at&(pageSize-1) != 0 {
		return -abi.EINVAL
	}
	result := int64(0)
	for done := uint32(0); done < b.num; {
		n := uint32(0)
		for n < uint32(len(foreignUpdates)) && done+n < b.num {
			var frame uint64
			i := uint64(done + n)
			va := b.at + i*pageSize
			t, k := foreignEntry(va)
			if t == 0 {
				return -abi.EINVAL
			}
			if !copyIn(addr(unsafe.Pointer(&frame)), b.frames+i*8, 8) {
				return -abi.EFAULT
			}
			u := &foreignUpdates[n]
			u.Ptr, u.Val = pteMachine(t, k), 0
			if frame != ^uint64(0) {
				u.Val = frame<<12&pteAddr | foreignFlags(va)
			}
			n++
		}
		if r := b.apply(done, n); r == -abi.EFAULT {
			return r
		} else if r != 0 {
			result = r
		}
		done += n
	}
	must("flush", mmuext1(abi.MMUExtTLBFlushLocal, 0, 0))
	return result
}

// mapDone is where the hypervisor counts.
var mapDone uint32

// apply does n updates, from a frame of the batch on, and notes their errors.
func (b *mapBatch) apply(from, n uint32) (result int64) {
	for at := uint32(0); at < n; at++ {
		rc := hypercall(abi.HypercallMMUUpdate, addr(unsafe.Pointer(&foreignUpdates[at&63])), uint64(n-at), addr(unsafe.Pointer(&mapDone)), uint64(b.domain))
		done := mapDone
		for i := uint32(0); i <= done && at+i < n; i++ {
			e := int32(0)
			if i == done {
				e = int32(rc)
			}
			if !copyOut(b.errs+uint64(from+at+i)*4, addr(unsafe.Pointer(&e)), 4) {
				return -abi.EFAULT
			}
		}
		if rc != 0 {
			result = -abi.ENOENT
		}
		at += done
	}
	return result
}
