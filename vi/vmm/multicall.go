package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// multicallState is the multicall that a vCPU executes.
type multicallState struct {
	active    bool
	preempted bool
	returned  bool               // one of the entries was iret: the registers are not the caller's any more
	call      abi.MulticallEntry // the component being executed
}

const multicallSize = uint64(unsafe.Sizeof(abi.MulticallEntry{}))

// hyperMulticall executes a list of hypercalls. When there is something more urgent,
// it is issued again with the remaining entries. It ends at an iret, as in Xen: the
// entries behind it were written for the mode and the address space that the vCPU has
// left, and after the iret it could not be issued again, because RIP is another.
func hyperMulticall(list, n, _, _, _ uint64) int64 {
	mc := &current().arch.mc
	if mc.active {
		return -abi.EINVAL
	}
	if n > 1<<20 || !guestRange(list, n*multicallSize) {
		return -abi.EFAULT
	}
	mc.active, mc.preempted, mc.returned = true, false, false
	rc := int64(0)
	log := &current().arch.log
	first := log.entries()
	if log.halfWritten() {
		if !toGuest(list+first*multicallSize, unsafe.Pointer(&mc.call), multicallSize) {
			rc = -abi.EFAULT
		}
		log.rewritten()
	}
	for i := first; i < n && rc == 0; i++ {
		at := list + i*multicallSize
		if i != first && preemptCheck() {
			mc.active = false
			return continueHypercall(abi.HypercallMulticall, at, n-i, 0, 0)
		}
		if !fromGuest(unsafe.Pointer(&mc.call), at, multicallSize) {
			rc = -abi.EFAULT
			break
		}
		a := &mc.call.Args
		result := dispatch(mc.call.Op, a[0], a[1], a[2], a[3], a[4])
		if mc.returned {
			// This entry is not logged as done: a recovery before its end repeats
			// it as a whole.
			mc.active = false
			return result
		}
		if result == -abi.ENOSYS {
			missing(mc.call.Op, a[0])
		}
		if mc.preempted {
			// The component has written the rest of its work into its own
			// entry.
			mc.active, mc.preempted = false, false
			log.rewrite(i)
			if !toGuest(at, unsafe.Pointer(&mc.call), multicallSize) {
				return -abi.EFAULT
			}
			log.rewritten()
			return continueHypercall(abi.HypercallMulticall, at, n-i, 0, 0)
		}
		mc.call.Result = result
		if !toGuest(at+8, unsafe.Pointer(&mc.call.Result), 8) {
			rc = -abi.EFAULT
		}
		log.entry(i + 1)
	}
	mc.active = false
	return rc
}
