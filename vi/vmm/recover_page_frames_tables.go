package main

import "unsafe"

// Part of step page_frames. The frames that page tables refer to are taken
// again, beginning with the tables that are pinned or that vCPUs run on. Most
// entries are empty, so that eight are looked at at a time; most others map a
// frame of the same domain.

// retakePinned takes again what is pinned: the frames linked from m on.
func retakePinned(m mfn) {
	for m != 0 {
		p := pageOf(m)
		m = mfn(p.next)
		p.next = 0
		d := domainOfFrame(p.owner)
		if d == nil || p.count&pgAllocated == 0 || !isTableType(p.typ) || !retake(p, p.typ&ptTypeMask, d) {
			p.typ &^= ptPinned
		}
	}
}

// retakeTables takes again what the vCPUs run on, and what the VMM writes into.
func (d *Domain) retakeTables() {
	for i := uint32(0); i < d.nvcpus; i++ {
		a := &d.vcpu[i].arch
		d.retakeAs(&a.guestTable, ptL4)
		d.retakeAs(&a.guestTableUser, ptL4)
		for i := range a.gdtFrames {
			d.retakeAs(&a.gdtFrames[i], ptSegDesc)
		}
		for i := range a.ldtFrames {
			d.retakeAs(&a.ldtFrames[i], ptSegDesc)
		}
	}
	d.retakeHeld()
}

// retakeAs takes the frame whose number is at a place as a type. If that fails, only
// a wild write can have put the number there, and it is cleared: without a reference
// nobody may load or use the frame.
func (d *Domain) retakeAs(at *mfn, t uint64) {
	if *at != 0 && !(frameOK(*at) && retake(pageOf(*at), t, d)) {
		*at = 0
	}
}

// retake takes a frame as a type, a page table with all that it refers to. It
// fails if the frame is not d's or is in use as something else.
func retake(p *page, t uint64, d *Domain) bool {
	if p.owner != d.frame32() || p.typ&ptCount != 0 && p.typ&ptTypeMask != t {
		return false
	}
	p.count++
	first := p.typ&ptCount == 0
	p.typ = (p.typ&(ptPinned|ptForeign|ptCount) | t | ptValidated) + 1
	switch {
	case !first:
	case t == ptL1:
		retakeMapped(tableAt(p.frame()), d)
	case isTableType(t):
		retakeEntries(tableAt(p.frame()), t, d)
	}
	return true
}

// entryGroup is how many entries are looked at at a time.
const entryGroup = 8

// group is a group of entries of a page table, and whether one of them is present.
func group(tab *table, i int) (*[entryGroup]uint64, bool) {
	g := (*[entryGroup]uint64)(unsafe.Pointer(&tab[i&511]))
	return g, (g[0]|g[1]|g[2]|g[3]|g[4]|g[5]|g[6]|g[7])&pteP != 0
}

// retakeEntries takes the tables that a page table refers to. An entry whose
// frame cannot be taken was made by a wild write: it is cleared.
func retakeEntries(tab *table, t uint64, d *Domain) {
	for i := 0; i < len(tab); i += entryGroup {
		if t == ptL4 && isHypervisorSlot(i) {
			continue
		}
		g, any := group(tab, i)
		if !any {
			continue
		}
		for j, e := range g {
			if e&pteP == 0 {
				continue
			}
			if m := pteFrame(e); !frameOK(m) || !retake(pageOf(m), t-1<<ptTypeShift, d) {
				g[j] = 0
			}
		}
	}
}

// retakeMapped takes the frames that an L1 maps, as retakeEntries does.
func retakeMapped(tab *table, d *Domain) {
	self, descs, n := d.frame32(), frameTableBase, frames.n
	for i := 0; i < len(tab); i += entryGroup {
		g, any := group(tab, i)
		if !any {
			continue
		}
		for j, e := range g {
			if e&pteP == 0 {
				continue
			}
			m := e & pteAddr >> pageShift
			if m == 0 || m >= n {
				if !d.mapsIO(mfn(m), e&pteW != 0) {
					g[j] = 0
				}
				continue
			}
			p := (*page)(ptr(descs + m*descSize))
			switch {
			case p.owner != self:
				if !retakeForeign(p, e, d) {
					g[j] = 0
				}
			case e&pteW == 0:
				p.count++
			case p.typ&ptCount != 0 && p.typ&ptTypeMask != ptWritable:
				g[j] = 0
			default:
				p.count++
				p.typ = (p.typ&(ptPinned|ptForeign|ptCount) | ptWritable | ptValidated) + 1
			}
		}
	}
}

// retakeForeign takes a frame that an entry of d's page tables maps and that is
// not d's, if d may map it.
func retakeForeign(p *page, e uint64, d *Domain) bool {
	of := grantedOwner
	if d.privileged {
		of = mappedOwner
	}
	switch owner := of(p, e, d); {
	case e&pteW != 0:
		if !retake(p, ptWritable, owner) {
			return false
		}
		p.typ |= ptForeign
		return true
	case p.owner == owner.frame32():
		p.count++
		return true
	}
	return false
}

// mappedOwner is the domain whose frame the control domain has mapped: it may
// map everybody's but the hypervisor's.
func mappedOwner(p *page, _ uint64, control *Domain) *Domain {
	if p.count&pgHeap != 0 {
		return control
	}
	if d := domainOfFrame(p.owner); d != nil {
		return d
	}
	return control
}
