package main

import "resvirt/vi/abi"

// Part of step page_frames. Uses of grants are counted anew from the mappings
// that grantTables list. A copy that was under way is done again, so that its use
// is not counted.

// shareGrants marks the frames of d's table as shared with it. A frame that was
// being added belongs to the table only if the table counts it already.
func (d *Domain) shareGrants() {
	g := d.grants
	if g == nil {
		return
	}
	g.frames = 0
	for i := range g.active {
		if g.active[i] == nil {
			break
		}
		p := pageOf(mfn(g.shared[i]))
		p.owner, p.typ = d.frame32(), ptWritable|ptValidated|1
		*g.active[i] = [grantsPerPage]activeGrant{}
		g.frames++
	}
}

// retakeGrants counts the uses of d's mappings, and takes the frames that are
// held by mappings for devices.
func (d *Domain) retakeGrants() {
	if d.grants == nil {
		return
	}
	for _, page := range d.grants.tracks {
		if page == nil {
			break
		}
		for i := range page {
			if t := &page[i]; t.flags != 0 && !t.retake(d.id) {
				*t = grantTrack{}
			}
		}
	}
}

// retake counts one mapping; false if only a wild write can have made it.
func (t *grantTrack) retake(id uint16) bool {
	rd := domainOfFrame(t.dom)
	m := mfn(t.frame)
	if rd == nil || !frameOK(m) {
		return false
	}
	e, act := rd.grants.entry(t.ref)
	if e == nil || act.readers == 255 || act.writers == 255 {
		return false
	}
	if t.flags&abi.GNTMAPDevice != 0 {
		switch {
		case pageOf(m).owner != rd.frame32():
			return false
		case t.readonly():
			pageOf(m).count++
		case !retake(pageOf(m), ptWritable, rd):
			return false
		}
	}
	act.frame, act.domid = t.frame, id
	if t.readonly() {
		act.readers++
	} else {
		act.writers++
	}
	return true
}

// unmarkGrants clears, in the table that the guest sees, the marks of
// references that are not in use.
func (d *Domain) unmarkGrants() {
	g := d.grants
	if g == nil {
		return
	}
	for ref := uint32(0); ref < g.frames*grantsPerPage; ref++ {
		e, act := g.entry(ref)
		if act.writers == 0 {
			e.Flags &^= abi.GTFWriting
			if act.readers == 0 {
				e.Flags &^= abi.GTFReading
			}
		}
	}
}

// indexGrants links d's mappings in chains by what their entries say, so that the
// handle for an entry is found fast: there may be thousands of both. Neighbouring
// frames are in different chains.
func (d *Domain) indexGrants() {
	g := d.grants
	if g == nil {
		return
	}
	g.chains = [grantChains]uint16{}
	for page, list := range g.tracks {
		if list == nil {
			break
		}
		for i := range list {
			if t := &list[i]; t.flags&abi.GNTMAPHost != 0 {
				first := g.chain(t.entry())
				t.next, *first = *first, uint16(page*tracksPerPage+i+1)
			}
		}
	}
}

// chain is the head of the chain for mappings whose entries are like e.
func (g *grantTable) chain(e uint64) *uint16 {
	return &g.chains[(e>>pageShift<<1|e/pteW&1)%grantChains]
}

// grantedOwner is the domain whose frame an entry of d's page tables may map: d,
// or a domain that granted the frame, if the entry agrees with one of d's
// handles.
func grantedOwner(p *page, e uint64, d *Domain) *Domain {
	g := d.grants
	if g == nil {
		return d
	}
	for n := *g.chain(e); n != 0; {
		t := g.track(uint32(n - 1))
		if t == nil {
			break
		}
		if t.flags&abi.GNTMAPHost != 0 && t.dom == p.owner && (t.entry()^e)&mappingBits == 0 {
			if rd := domainOfFrame(t.dom); rd != nil {
				return rd
			}
		}
		n = t.next
	}
	return d
}

// grantRefs counts the references that d's mappings hold on a domain.
func (d *Domain) grantRefs(on *Domain) uint32 {
	n := uint32(0)
	if d.grants == nil {
		return 0
	}
	for _, page := range d.grants.tracks {
		if page == nil {
			break
		}
		for i := range page {
			if page[i].flags != 0 && page[i].dom == on.frame32() {
				n++
			}
		}
	}
	return n
}
