package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

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
	for first := mfn(0); uint64(first) < frames.n; first += 512 {
		if e := d.dmaEntry(first | 1); e != nil {
			d.remakeTable((*table)(ptr(addrOf(unsafe.Pointer(e))&^pageMask)), first)
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

// remakeTable fills one table, of the frames from first on. Most are not the domain's.
func (d *Domain) remakeTable(tab *table, first mfn) {
	self, n := d.frame32(), min(512, frames.n-uint64(first))
	for i := range tab[:n] {
		p := (*page)(ptr(frameTableBase + (uint64(first)+uint64(i))*descSize))
		own, e := dmaOwn(first+mfn(i)), uint64(0)
		if p.owner == self && p.count&(pgHeap|pgFree) == 0 {
			if t := p.typ & ptTypeMask; t == ptWritable || t == ptNone && tab[i] == own {
				e = own
			}
		}
		if tab[i] != e {
			tab[i] = e
		}
	}
}
