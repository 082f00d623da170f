package main

import "resvirt/vi/abi"

// Step iommu_tables. What a domain's functions reach follows from the types of its frames and from
// the frames that it was granted. An operation that was discarded, or that recovery took back, has
// changed the one and not the other; frames that were counted anew have been freed. A device would
// then be refused what its driver may use, or write into what is no longer its domain's.

// iommuTables makes all tables agree with frames and grants.
func iommuTables() {
	if !iommu.on || devices == nil || !begin(stepIOMMUTables) {
		return
	}
	for d := domains.head; d != nil; d = d.next {
		if d.io != nil && d.io.root != 0 {
			d.remakeDMA()
		}
	}
	for i := uint32(0); i < devices.n && i < maxFunctions; i++ {
		f := &devices.functions[i]
		f.guard(domainOfFrame(f.owner))
	}
	iommuCommand(cmdAll, 0)
	iommuWait()
}

// remakeDMA fills a domain's tables. A frame of the domain that was mapped, and that the new
// count knows by no type because nothing uses it, stays: a device may be writing into it.
func (d *Domain) remakeDMA() {
	for m := mfn(1); uint64(m) < frames.n; m++ {
		e := d.dmaEntry(m)
		if e == nil {
			continue
		}
		p, t := pageOf(m), pageOf(m).typ&ptTypeMask
		own := p.owner == d.frame32() && p.count&(pgHeap|pgFree) == 0
		if own && (t == ptWritable || t == ptNone && *e == dmaOwn(m)) {
			*e = dmaOwn(m)
		} else {
			*e = 0
		}
	}
	if d.grants == nil {
		return
	}
	for _, page := range d.grants.tracks {
		for i := 0; page != nil && i < len(page); i++ {
			if t := &page[i]; t.flags&abi.GNTMAPDevice != 0 {
				d.grantDMA(mfn(t.frame), t.readonly())
			}
		}
	}
}
