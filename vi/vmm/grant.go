package main

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/abi"
)

// Grant tables, version 1: a domain permits another, in frames that it shares
// with the hypervisor, to map frames of its own. What is in use stands in
// tables of the hypervisor: those of the granting domain count the uses of each
// reference, those of the mapping domain list its mappings by handle. Recovery
// counts all uses anew from the listed mappings.

const (
	grantFrames   = 32 // most frames of a table
	grantsPerPage = pageSize / 8
	trackPages    = 16
	tracksPerPage = pageSize / 16
	grantChains   = 1024
)

// activeGrant is what the hypervisor knows of one reference.
type activeGrant struct {
	frame   uint32 // frame that is granted, while the reference is in use
	domid   uint16 // domain that uses it
	readers uint8  // read-only uses
	writers uint8
}

// grantTrack is a mapping of another domain's frame.
type grantTrack struct {
	dom   uint32 // frame of the Domain that grants, of which a reference is held
	ref   uint32
	frame uint32
	flags uint8  // abi.GNTMAPX, 0 = free
	maker uint8  // 1 + number of the vCPU that mapped it
	next  uint16 // 1 + the next handle of its chain, see indexGrants
}

// grantTable is a domain's part, in a heap page of its own.
type grantTable struct {
	frames uint32 // of the table
	shared [grantFrames]uint32
	active [grantFrames]*[grantsPerPage]activeGrant
	tracks [trackPages]*[tracksPerPage]grantTrack
	chains [grantChains]uint16 // 1 + the first handle of each, see indexGrants
}

const _ = pageSize - unsafe.Sizeof(grantTable{})

// grantLock serialises all uses of grants. Its holder may have to wait for a page table
// that another CPU validates, or to end thousands of mappings. So it is taken by
// lockPatiently.
var grantLock spinlock

// grantTableOf is d's table, which it makes if there is none; nil if there is
// no memory.
func grantTableOf(d *Domain) *grantTable {
	if d.grants == nil {
		if m := allocHeapPage(); m != 0 {
			d.grants = (*grantTable)(frameAddr(m))
		}
	}
	return d.grants
}

// grow gives the table more frames, up to n.
func (g *grantTable) grow(d *Domain, n uint32) bool {
	for g.frames < n {
		s, a := allocHeapPage(), allocHeapPage()
		if s == 0 || a == 0 {
			if s != 0 {
				freeHeapPage(s)
			}
			if a != 0 {
				freeHeapPage(a)
			}
			return false
		}
		sharePage(s, d)
		g.shared[g.frames%grantFrames] = uint32(s)
		g.active[g.frames%grantFrames] = (*[grantsPerPage]activeGrant)(frameAddr(a))
		g.frames++
	}
	return true
}

// eachGrantObject calls fn for the pages of a domain's grant table.
func (d *Domain) eachGrantObject(fn func(unsafe.Pointer)) {
	g := d.grants
	if g == nil {
		return
	}
	for i := range g.active {
		if g.active[i] != nil {
			fn(frameAddr(mfn(g.shared[i])))
			fn(unsafe.Pointer(g.active[i]))
		}
	}
	for i := range g.tracks {
		if g.tracks[i] != nil {
			fn(unsafe.Pointer(g.tracks[i]))
		}
	}
	fn(unsafe.Pointer(g))
}

// entry is a reference in the guest's table and in the hypervisor's.
func (g *grantTable) entry(ref uint32) (*abi.GrantEntry, *activeGrant) {
	page := ref / grantsPerPage
	if g == nil || page >= g.frames {
		return nil, nil
	}
	shared := (*[grantsPerPage]abi.GrantEntry)(frameAddr(mfn(g.shared[page%grantFrames])))
	return &shared[ref%grantsPerPage], &g.active[page%grantFrames][ref%grantsPerPage]
}

// grantWord is flags and domain of a reference, which change together.
func grantWord(e *abi.GrantEntry) *uint32 { return (*uint32)(unsafe.Pointer(e)) }

// acquireGrant takes a use of a reference of rd for domain id. It returns the
// frame and a status. grantLock is held.
func acquireGrant(rd *Domain, ref uint32, id uint16, readonly bool) (mfn, int16) {
	e, act := rd.grants.entry(ref)
	if e == nil {
		return 0, abi.GNTSTBadGntref
	}
	used := act.readers != 0 || act.writers != 0
	if used && (act.domid != id || act.readers == 255 || act.writers == 255) {
		return 0, abi.GNTSTGeneralError
	}
	if !used || !readonly && act.writers == 0 {
		if st := markGrant(grantWord(e), id, readonly); st != 0 {
			return 0, st
		}
	}
	if !used {
		act.frame, act.domid = atomic.LoadUint32(&e.Frame), id
	}
	if readonly {
		act.readers++
	} else {
		act.writers++
	}
	return mfn(act.frame), 0
}

// markGrant notes in the guest's table that a reference is in use, if its
// owner permits it.
func markGrant(p *uint32, id uint16, readonly bool) int16 {
	for {
		w := atomic.LoadUint32(p)
		flags, domid := w&0xffff, uint16(w>>16)
		if flags&abi.GTFTypeMask != abi.GTFPermitAccess || domid != id || !readonly && flags&abi.GTFReadonly != 0 {
			return abi.GNTSTGeneralError
		}
		n := w | abi.GTFReading
		if !readonly {
			n |= abi.GTFWriting
		}
		if atomic.CompareAndSwapUint32(p, w, n) {
			return 0
		}
	}
}

// releaseGrant ends a use. grantLock is held.
func releaseGrant(rd *Domain, ref uint32, readonly bool) {
	e, act := rd.grants.entry(ref)
	assert(e != nil)
	clear := uint32(0)
	if readonly {
		assert(act.readers != 0)
		act.readers--
	} else {
		assert(act.writers != 0)
		if act.writers--; act.writers == 0 {
			clear = abi.GTFWriting
		}
	}
	if act.readers == 0 && act.writers == 0 {
		clear |= abi.GTFReading
		act.frame, act.domid = 0, 0
	}
	for p := grantWord(e); clear != 0; {
		w := atomic.LoadUint32(p)
		if atomic.CompareAndSwapUint32(p, w, w&^clear) {
			break
		}
	}
}

// granted says whether a frame of the table's domain is in use by a grant.
func (g *grantTable) granted(m mfn) bool {
	if g == nil {
		return false
	}
	for _, page := range &g.active {
		if page == nil {
			break
		}
		for i := range page {
			if a := &page[i]; (a.readers != 0 || a.writers != 0) && mfn(a.frame) == m {
				return true
			}
		}
	}
	return false
}

// takeGranted takes a frame of rd, as writable unless it is only read. The
// hypervisor's own frames, which it shares with rd, cannot be granted by rd.
func takeGranted(m mfn, rd *Domain, readonly bool) bool {
	if !frameOK(m) || pageOf(m).count&pgHeap != 0 {
		return false
	}
	if readonly {
		return pageOf(m).get(rd)
	}
	return getPageAndType(m, rd, ptWritable) == 0
}

// putGranted is the inverse of takeGranted.
func putGranted(m mfn, readonly bool) {
	if readonly {
		pageOf(m).put()
		return
	}
	putPageAndType(pageOf(m))
}

// grantDomain finds a domain that grants, with a reference.
func grantDomain(id uint16) *Domain {
	d := current().domain
	if id == abi.DomidSelf || id == d.id {
		d.hold()
		return d
	}
	return findDomain(id)
}
