package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// hyperGrantTableOp is grant_table_op: lists of operations, each with a status
// of its own. Each operation that is done is logged, because it must not be
// done twice.
func hyperGrantTableOp(cmd, list, n, _, _ uint64) int64 {
	size := grantOpSize(cmd)
	switch {
	case size == 0:
		return -abi.ENOSYS
	case n > 1<<20 || !guestRange(list, n*size):
		return -abi.EFAULT
	}
	log := &current().arch.log
	rc := int64(0)
	first := log.parts()
	for i := first; i < n && rc == 0; {
		if i != first && preemptCheck() {
			return continueHypercall(abi.HypercallGrantTableOp, cmd, list+i*size, n-i, 0)
		}
		rc = grantOne(cmd, list+i*size, size)
		i++
		log.part(i)
		log.grant, log.undo = 0, 0
	}
	return rc
}

// grantOpSize is the size of an operation's argument, 0 for what does not exist.
func grantOpSize(cmd uint64) uint64 {
	switch cmd {
	case abi.GnttabopMapGrantRef:
		return uint64(unsafe.Sizeof(abi.GnttabMapGrantRef{}))
	case abi.GnttabopUnmapGrantRef:
		return uint64(unsafe.Sizeof(abi.GnttabUnmapGrantRef{}))
	case abi.GnttabopSetupTable:
		return uint64(unsafe.Sizeof(abi.GnttabSetupTable{}))
	case abi.GnttabopCopy:
		return uint64(unsafe.Sizeof(abi.GnttabCopy{}))
	case abi.GnttabopQuerySize:
		return uint64(unsafe.Sizeof(abi.GnttabQuerySize{}))
	case abi.GnttabopUnmapAndReplace:
		return uint64(unsafe.Sizeof(abi.GnttabUnmapAndReplace{}))
	case abi.GnttabopSetVersion:
		return 4
	case abi.GnttabopGetVersion:
		return uint64(unsafe.Sizeof(abi.GnttabVersion{}))
	}
	return 0
}

// grantOne does one operation, whose argument of n bytes lies at an address.
func grantOne(cmd, at, n uint64) int64 {
	var buf [8]uint64 // the largest has 40 bytes
	p := unsafe.Pointer(&buf)
	if !fromGuest(p, at, n) {
		return -abi.EFAULT
	}
	rc := int64(0)
	myJournal().skip() // the journal cannot take back uses of grants: recovery counts them
	grantLock.lockPatiently()
	switch cmd {
	case abi.GnttabopMapGrantRef:
		mapGrant((*abi.GnttabMapGrantRef)(p))
	case abi.GnttabopUnmapGrantRef:
		op := (*abi.GnttabUnmapGrantRef)(p)
		op.Status = unmapGrant(op.Handle, op.HostAddr, op.DevBusAddr, 0)
	case abi.GnttabopUnmapAndReplace:
		op := (*abi.GnttabUnmapAndReplace)(p)
		op.Status = unmapGrant(op.Handle, op.HostAddr, 0, op.NewAddr)
	case abi.GnttabopSetupTable:
		setupGrants((*abi.GnttabSetupTable)(p))
	case abi.GnttabopCopy:
		copyGranted((*abi.GnttabCopy)(p))
	case abi.GnttabopQuerySize:
		queryGrants((*abi.GnttabQuerySize)(p))
	case abi.GnttabopSetVersion:
		rc = setGrantVersion((*uint32)(p))
	case abi.GnttabopGetVersion:
		op := (*abi.GnttabVersion)(p)
		if rc = -abi.ESRCH; self(op.Dom) != nil {
			op.Version, rc = 1, 0
		}
	}
	grantLock.unlock()
	if !toGuest(at, p, n) {
		return -abi.EFAULT
	}
	return rc
}

// setGrantVersion is GNTTABOP_set_version, as with Xen's gnttab=max-ver:1. The
// argument becomes the version in use.
func setGrantVersion(v *uint32) int64 {
	wanted := *v
	*v = 1
	switch wanted {
	case 1:
		return 0
	case 2:
		return -abi.ENOSYS
	}
	return -abi.EINVAL
}

// setupGrants is GNTTABOP_setup_table.
func setupGrants(op *abi.GnttabSetupTable) {
	d := self(op.Dom)
	if d == nil {
		op.Status = abi.GNTSTPermissionDenied
		return
	}
	op.Status = abi.GNTSTGeneralError
	g := grantTableOf(d)
	if op.NrFrames > d.grantLimit || g == nil || !g.grow(d, op.NrFrames) {
		return
	}
	op.Status = 0
	for i := uint32(0); i < op.NrFrames; i++ {
		m := uint64(g.shared[i%grantFrames])
		if !toGuest(op.FrameList+8*uint64(i), unsafe.Pointer(&m), 8) {
			op.Status = abi.GNTSTBadVirtAddr
		}
	}
}

// queryGrants is GNTTABOP_query_size.
func queryGrants(op *abi.GnttabQuerySize) {
	d := self(op.Dom)
	if d == nil {
		op.Status = abi.GNTSTPermissionDenied
		return
	}
	op.NrFrames, op.MaxNrFrames, op.Status = 1, d.grantLimit, 0
	if d.grants != nil {
		op.NrFrames = max(1, d.grants.frames)
	}
}
