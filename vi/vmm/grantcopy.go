package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// copyEnd is one end of a copy while it is in use.
type copyEnd struct {
	d        *Domain // nil if nothing is held
	m        mfn
	ref      uint32
	isRef    bool
	readonly bool
}

// copyGranted is GNTTABOP_copy: bytes from one frame to another, each the
// caller's own or granted to it. grantLock is held.
func copyGranted(op *abi.GnttabCopy) {
	if op.Source.Offset > pageSize || op.Dest.Offset > pageSize || op.Len > pageSize ||
		op.Source.Offset+op.Len > pageSize || op.Dest.Offset+op.Len > pageSize {
		op.Status = abi.GNTSTBadCopyArg
		return
	}
	var src, dst copyEnd
	op.Status = src.take(&op.Source, op.Flags&abi.GNTCOPYSourceGref != 0, true)
	if op.Status == 0 {
		op.Status = dst.take(&op.Dest, op.Flags&abi.GNTCOPYDestGref != 0, false)
	}
	if op.Status == 0 {
		from := unsafe.Slice((*byte)(unsafe.Add(frameAddr(src.m), op.Source.Offset)), op.Len)
		to := unsafe.Slice((*byte)(unsafe.Add(frameAddr(dst.m), op.Dest.Offset)), op.Len)
		copy(to, from)
	}
	dst.drop()
	src.drop()
}

// take takes the frame of one end.
func (c *copyEnd) take(p *abi.GnttabCopyPtr, isRef, readonly bool) int16 {
	d := grantDomain(p.Domid)
	if d == nil {
		return abi.GNTSTBadDomain
	}
	if !isRef && d != current().domain && !current().domain.privileged {
		d.put()
		return abi.GNTSTPermissionDenied
	}
	m := mfn(p.Ref)
	if isRef {
		var st int16
		if m, st = acquireGrant(d, uint32(p.Ref), current().domain.id, readonly); st != 0 {
			d.put()
			return st
		}
	}
	if !takeGranted(m, d, readonly) {
		if isRef {
			releaseGrant(d, uint32(p.Ref), readonly)
		}
		d.put()
		return abi.GNTSTBadPage
	}
	*c = copyEnd{d: d, m: m, ref: uint32(p.Ref), isRef: isRef, readonly: readonly}
	return 0
}

func (c *copyEnd) drop() {
	if c.d == nil {
		return
	}
	putGranted(c.m, c.readonly)
	if c.isRef {
		releaseGrant(c.d, c.ref, c.readonly)
	}
	c.d.put()
}
