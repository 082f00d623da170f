package main

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/abi"
)

// Mapping of granted frames. The page-table entry holds the references on the
// frame, like any other; a mapping for devices has no such entry: its
// grantTrack holds them.

// newTrack finds a free handle of the table's domain, which may have so many pages of
// them; ^0 if there is none.
func (g *grantTable) newTrack(limit uint32) uint32 {
	for page := range g.tracks {
		if uint32(page) >= limit {
			break
		}
		if g.tracks[page] == nil {
			m := allocHeapPage()
			if m == 0 {
				break
			}
			g.tracks[page] = (*[tracksPerPage]grantTrack)(frameAddr(m))
		}
		for i := range g.tracks[page] {
			if g.tracks[page][i].flags == 0 {
				return uint32(page*tracksPerPage + i)
			}
		}
	}
	return ^uint32(0)
}

// track is the mapping of a handle, nil if there is none.
func (g *grantTable) track(handle uint32) *grantTrack {
	page := handle / tracksPerPage
	if g == nil || page >= trackPages || g.tracks[page] == nil || g.tracks[page][handle%tracksPerPage].flags == 0 {
		return nil
	}
	return &g.tracks[page][handle%tracksPerPage]
}

// grantor is the domain that granted the frame.
func (t *grantTrack) grantor() *Domain { return (*Domain)(frameAddr(mfn(t.dom))) }

func (t *grantTrack) readonly() bool { return t.flags&abi.GNTMAPReadonly != 0 }

// entry is what the page-table entry of the mapping has in mappingBits.
func (t *grantTrack) entry() uint64 {
	e := uint64(t.frame)<<pageShift | pteP
	if !t.readonly() {
		e |= pteW
	}
	return e
}

// mapGrant is GNTTABOP_map_grant_ref. grantLock is held.
func mapGrant(op *abi.GnttabMapGrantRef) {
	v := current()
	v.dropBegun()
	op.Handle = ^uint32(0)
	if op.Flags&(abi.GNTMAPDevice|abi.GNTMAPHost) == 0 {
		op.Status = abi.GNTSTBadGntref
		return
	}
	rd := grantDomain(op.Dom)
	if rd == nil {
		op.Status = abi.GNTSTBadDomain
		return
	}
	op.Status = mapFrom(v, rd, op)
	if op.Status != 0 {
		rd.put()
	}
}

// dropBegun takes back a mapping that was under way when the hypervisor failed. The
// call that is issued again may be for something else: its arguments are in the
// guest's memory, and other vCPUs may have mapped with the same handle meanwhile.
func (v *VCPU) dropBegun() {
	log := &v.arch.log
	t := v.domain.grants.track(log.grant - 1)
	if !again() || log.grant == 0 || t == nil || t.maker != uint8(v.id+1) {
		return
	}
	if log.undo != 0 && t.flags&abi.GNTMAPHost != 0 {
		if old, st := swapL1(v, log.undo, true, 0, t.entry()); st == 0 {
			flushMask(v.domain.dirty(), flushAll)
			putEntry(old, ptL1)
		}
	}
	v.domain.dropTrack(t)
	log.grant, log.undo = 0, 0
}

// mapFrom maps a frame of rd. The mapping keeps the reference on rd.
func mapFrom(v *VCPU, rd *Domain, op *abi.GnttabMapGrantRef) int16 {
	g := grantTableOf(v.domain)
	if g == nil {
		return abi.GNTSTNoDeviceSpace
	}
	handle := g.newTrack(v.domain.trackLimit)
	if handle == ^uint32(0) {
		return abi.GNTSTNoDeviceSpace
	}
	readonly := op.Flags&abi.GNTMAPReadonly != 0
	m, st := acquireGrant(rd, op.Ref, v.domain.id, readonly)
	if st != 0 {
		return st
	}
	device, host := op.Flags&abi.GNTMAPDevice != 0, op.Flags&abi.GNTMAPHost != 0
	if device && !takeGranted(m, rd, readonly) {
		releaseGrant(rd, op.Ref, readonly)
		return abi.GNTSTGeneralError
	}
	if device && !v.domain.grantDMA(m, readonly) {
		putGranted(m, readonly)
		releaseGrant(rd, op.Ref, readonly)
		return abi.GNTSTNoDeviceSpace
	}
	v.arch.log.grant, v.arch.log.undo = handle+1, 0
	g.tracks[handle/tracksPerPage][handle%tracksPerPage] = grantTrack{
		dom: rd.frame32(), ref: op.Ref, frame: uint32(m), flags: uint8(op.Flags & 0x1f), maker: uint8(v.id + 1)}
	if host {
		st = abi.GNTSTGeneralError
		if takeGranted(m, rd, readonly) {
			if !readonly && rd != v.domain {
				pageOf(m).markForeign()
			}
			if st = enterGrant(v, op, m); st != 0 {
				putGranted(m, readonly)
			}
		}
	}
	if st != 0 {
		if device {
			v.domain.releaseDMA(m, readonly)
			putGranted(m, readonly)
		}
		*g.track(handle) = grantTrack{}
		releaseGrant(rd, op.Ref, readonly)
		return st
	}
	op.Handle, op.DevBusAddr = handle, uint64(m)<<pageShift
	return 0
}

// enterGrant writes the page-table entry of a mapping.
func enterGrant(v *VCPU, op *abi.GnttabMapGrantRef, m mfn) int16 {
	e := uint64(m)<<pageShift | pteP | pteU | pteA | pteD | pteNX | uint64(op.Flags>>abi.GNTMAPAvail0&7)<<9
	if op.Flags&abi.GNTMAPReadonly == 0 {
		e |= pteW
	}
	old, st := swapL1(v, op.HostAddr, op.Flags&abi.GNTMAPContainsPTE != 0, e, 0)
	if st != 0 {
		return st
	}
	putEntry(old, ptL1)
	return 0
}

// mappingBits are the bits of a page-table entry that must agree with its
// mapping's handle. Without this check a writable mapping could go uncounted
// (XSA-234).
const mappingBits = pteP | pteW | pteAddr

// swapL1 replaces an entry of the lowest level, found by virtual address or as
// the machine address of the entry itself, and returns the old one, whose
// references are the caller's to drop. If mapping is not 0, the old entry must
// agree with it in mappingBits. If mapping or val is not 0, the entry's place is
// logged before it changes.
func swapL1(v *VCPU, at uint64, isEntry bool, val, mapping uint64) (uint64, int16) {
	var table mfn
	var slot uint64
	if isEntry {
		table, slot = mfn(at>>pageShift), at&pageMask/8
		if at&7 != 0 {
			return 0, abi.GNTSTBadVirtAddr
		}
	} else {
		if isHypervisorAddr(at) {
			return 0, abi.GNTSTBadVirtAddr
		}
		table, slot = walkToL1(v.arch.guestTable, at), at>>12&511
	}
	if !frameOK(table) || !pageOf(table).get(v.domain) {
		return 0, abi.GNTSTBadVirtAddr
	}
	p := pageOf(table)
	old, st := uint64(0), int16(abi.GNTSTBadVirtAddr)
	if p.lockTable() {
		if p.typ&ptTypeMask == ptL1 {
			e := &tableAt(table)[slot&511]
			for st != 0 {
				old = atomic.LoadUint64(e)
				if mapping != 0 && (old^mapping)&mappingBits != 0 {
					st = abi.GNTSTGeneralError
					break
				}
				if mapping|val != 0 {
					v.arch.log.undo = placeOf(e)
				}
				if atomic.CompareAndSwapUint64(e, old, val) {
					st = 0
				}
			}
		}
		p.unlockTable()
	}
	p.put()
	return old, st
}

// placeOf is the machine address of a page-table entry.
func placeOf(e *uint64) uint64 { return addrOf(unsafe.Pointer(e)) - directMapBase }

// unmapGrant is GNTTABOP_unmap_grant_ref, and, with another address,
// unmap_and_replace: the entry there takes the place of the mapping.
func unmapGrant(handle uint32, host, device, replace uint64) int16 {
	v := current()
	t := v.domain.grants.track(handle)
	log := &v.arch.log
	if t == nil {
		if again() && log.grant == handle+1 {
			return 0
		}
		return abi.GNTSTBadHandle
	}
	if log.grant != handle+1 {
		log.grant, log.undo = handle+1, 0 // what was begun before the recovery was the unmapping of another handle
	}
	m := mfn(t.frame)
	if device != 0 && device != uint64(m)<<pageShift {
		return abi.GNTSTBadDevAddr
	}
	if host != 0 && t.flags&abi.GNTMAPHost != 0 {
		if st := leaveGrant(v, t, host, replace); st != 0 {
			return st
		}
		t.flags &^= abi.GNTMAPHost
	}
	if device != 0 && t.flags&abi.GNTMAPDevice != 0 {
		t.flags &^= abi.GNTMAPDevice
		v.domain.releaseDMA(m, t.readonly())
		putGranted(m, t.readonly())
	}
	if t.flags&(abi.GNTMAPHost|abi.GNTMAPDevice) == 0 {
		v.domain.dropTrack(t)
	}
	return 0
}

// leaveGrant takes the entry of a mapping out of the page table. When no processor
// can use the entry any more, it gives back what the entry holds, and with that the
// grant.
func leaveGrant(v *VCPU, t *grantTrack, host, replace uint64) int16 {
	isEntry := t.flags&abi.GNTMAPContainsPTE != 0
	gone := v.arch.log.undo // the entry that went before recovery, if this call is issued again
	val := uint64(0)
	if replace != 0 {
		if isEntry {
			return abi.GNTSTGeneralError
		}
		var st int16
		if val, st = swapL1(v, replace, false, 0, 0); st != 0 {
			return st
		}
		if m := pteFrame(val); val&pteP != 0 && !(frameOK(m) && pageOf(m).ownedBy(v.domain)) {
			// An entry that maps another domain's frame, or a device's, is not moved: recovery looks for it
			// where it is.
			other, _ := swapL1(v, replace, false, val, 0)
			putEntry(other, ptL1)
			return abi.GNTSTGeneralError
		}
	}
	old, st := swapL1(v, host, isEntry, val, t.entry())
	flushMask(v.domain.dirty(), flushAll)
	if st == 0 {
		putEntry(old, ptL1)
		return 0
	}
	putEntry(val, ptL1)
	if again() && gone != 0 && gone == v.placeOfL1(host, isEntry) {
		return 0 // it had been taken already
	}
	return st
}

// placeOfL1 is the machine address of the entry that swapL1 would replace, 0 for none.
func (v *VCPU) placeOfL1(at uint64, isEntry bool) uint64 {
	if isEntry {
		return at
	}
	if isHypervisorAddr(at) {
		return 0
	}
	return uint64(walkToL1(v.arch.guestTable, at))<<pageShift | at>>12&511<<3
}

// dropTrack frees a handle of d and ends its use of the reference; references that
// it holds for devices are dropped, those of a page-table entry are not.
func (d *Domain) dropTrack(t *grantTrack) {
	rd, ref, m, flags := t.grantor(), t.ref, mfn(t.frame), t.flags
	readonly := t.readonly()
	*t = grantTrack{}
	if flags&abi.GNTMAPDevice != 0 {
		d.releaseDMA(m, readonly)
		putGranted(m, readonly)
	}
	releaseGrant(rd, ref, readonly)
	rd.put()
}

// dropTracks ends all mappings of a dying domain, whose page tables go anyhow.
func dropTracks(d *Domain) {
	if d.grants == nil {
		return
	}
	grantLock.lockPatiently()
	for _, page := range d.grants.tracks {
		if page == nil {
			break
		}
		for i := range page {
			if t := &page[i]; t.flags != 0 {
				d.dropTrack(t)
			}
		}
		tableDone() // as much work as a page table is
	}
	grantLock.unlock()
}
