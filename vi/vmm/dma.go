package main

import (
	"sync/atomic"
	"unsafe"
)

// What a domain's functions reach, where there is an IOMMU: addresses are machine addresses, and
// mapped are the frames that the domain itself may write, which are those in use as writable data,
// and the frames that others granted it for devices. A frame that becomes a page table or is freed
// is taken out before that.
//
// The tables have three levels. They are made whole when the domain gets its first function, so that
// nothing has to be allocated later.

// Entries (48882, 2.2.3). The bits 1 to 8 are the software's: how many mappings for devices there
// are of a frame that was granted, to read and to write.
const (
	dmaPresent   = 1 << 0
	dmaNextShift = 9
	dmaRead      = 1 << 61
	dmaWrite     = 1 << 62
	dmaReaders   = 1 << 1
	dmaWriters   = 1 << 5
	dmaMost      = 15
)

// makeDMATables makes a domain's tables; false without memory.
func (d *Domain) makeDMATables() bool {
	if !iommu.on || d.io.root != 0 {
		return true
	}
	root := allocHeapPage()
	if root == 0 {
		return false
	}
	for m := uint64(0); m < frames.n; m += 512 {
		l2 := dmaTable(&tableAt(root)[m>>18&511], 2)
		if l2 == nil || dmaTable(&l2[m>>9&511], 1) == nil {
			eachDMATable(root, freeDMATable)
			return false
		}
	}
	d.io.root = root
	d.pageLock.lock()
	for m := mfn(d.pageList); m != 0; m = mfn(pageOf(m).next) {
		d.syncDMA(pageOf(m))
	}
	d.pageLock.unlock()
	return true
}

// dmaTable is the table of a level that an entry leads to, which is made if there is none.
func dmaTable(e *uint64, level uint64) *table {
	if *e == 0 {
		m := allocHeapPage()
		if m == 0 {
			return nil
		}
		*e = uint64(m)<<pageShift | level<<dmaNextShift | dmaPresent | dmaRead | dmaWrite
	}
	return tableAt(pteFrame(*e))
}

// eachDMATable calls fn for the pages of tables, the root last.
func eachDMATable(root mfn, fn func(unsafe.Pointer)) {
	if !frameOK(root) {
		return
	}
	for _, e3 := range tableAt(root) {
		if e3&dmaPresent == 0 || !frameOK(pteFrame(e3)) {
			continue
		}
		for _, e2 := range tableAt(pteFrame(e3)) {
			if e2&dmaPresent != 0 && frameOK(pteFrame(e2)) {
				fn(frameAddr(pteFrame(e2)))
			}
		}
		fn(frameAddr(pteFrame(e3)))
	}
	fn(frameAddr(root))
}

func freeDMATable(p unsafe.Pointer) { freeHeapPage(frameOfAddr(p)) }

// dropDMATables frees a domain's tables. None of its functions uses them any more.
func (d *Domain) dropDMATables() {
	root := d.io.root
	if root == 0 {
		return
	}
	flags := iommuLock.lockSave()
	d.io.root = 0
	iommuCommand(cmdPages|uint64(d.id)<<32, wholeDomain)
	iommuWait()
	iommuLock.unlockRestore(flags)
	eachDMATable(root, freeDMATable)
}

// dmaEntry is the entry for a frame in d's tables; nil if it has none.
func (d *Domain) dmaEntry(m mfn) *uint64 {
	if d == nil || d.io == nil || d.io.root == 0 || !frameOK(m) {
		return nil
	}
	e := tableAt(d.io.root)[m>>18&511]
	if e&dmaPresent == 0 {
		return nil
	}
	e = tableAt(pteFrame(e))[m>>9&511]
	if e&dmaPresent == 0 {
		return nil
	}
	return &tableAt(pteFrame(e))[m&511]
}

// changeDMA writes an entry. What the IOMMU may hold of the old one is gone when it returns.
// iommuLock is held.
func (d *Domain) changeDMA(m mfn, e *uint64, val uint64) {
	old := *e
	if old == val {
		return
	}
	atomic.StoreUint64(e, val)
	if old&dmaPresent != 0 { // one that was not present is not cached
		iommuCommand(cmdPages|uint64(d.id)<<32, uint64(m)<<pageShift)
		iommuWait()
	}
}

// syncDMA lets the owner's functions reach a frame if its type is such now, and not otherwise.
// The type is read with the lock held, so that of two changes the later one counts.
func (d *Domain) syncDMA(p *page) {
	m := p.frame()
	e := d.dmaEntry(m)
	if e == nil {
		return
	}
	flags := iommuLock.lockSave()
	val := uint64(0)
	if atomic.LoadUint64(&p.typ)&ptTypeMask == ptWritable {
		val = dmaOwn(m)
	}
	d.changeDMA(m, e, val)
	iommuLock.unlockRestore(flags)
}

// dmaOwn is the entry for a frame of the domain itself.
func dmaOwn(m mfn) uint64 { return uint64(m)<<pageShift | dmaPresent | dmaRead | dmaWrite }

// typeChanged is told when a frame has become of another type, or is about to be freed.
func (p *page) typeChanged() {
	if d := p.ownerDomain(); iommu.on && p.count&pgHeap == 0 && d != nil {
		d.syncDMA(p)
	}
}

// forgetDMA takes a frame out of its owner's tables: it is going to be freed.
func (d *Domain) forgetDMA(m mfn) {
	if e := d.dmaEntry(m); e != nil {
		flags := iommuLock.lockSave()
		d.changeDMA(m, e, 0)
		iommuLock.unlockRestore(flags)
	}
}

// grantDMA lets d's functions reach a frame that another domain granted for devices; false if it
// is mapped so too many times.
func (d *Domain) grantDMA(m mfn, readonly bool) bool {
	e := d.dmaEntry(m)
	if e == nil || pageOf(m).owner == d.frame32() {
		return true
	}
	flags := iommuLock.lockSave()
	ok := *e/dmaReaders%(dmaMost+1) < dmaMost && *e/dmaWriters%(dmaMost+1) < dmaMost
	if ok {
		val := *e&(dmaRead|dmaWrite) | *e&(dmaMost*dmaReaders|dmaMost*dmaWriters) | uint64(m)<<pageShift | dmaPresent | dmaRead
		if readonly {
			val += dmaReaders
		} else {
			val += dmaWriters
			val |= dmaWrite
		}
		d.changeDMA(m, e, val)
	}
	iommuLock.unlockRestore(flags)
	return ok
}

// releaseDMA is the inverse.
func (d *Domain) releaseDMA(m mfn, readonly bool) {
	e := d.dmaEntry(m)
	if e == nil || pageOf(m).owner == d.frame32() {
		return
	}
	flags := iommuLock.lockSave()
	val := *e
	if readonly {
		val -= dmaReaders
	} else {
		val -= dmaWriters
	}
	switch {
	case val&(dmaMost*dmaReaders|dmaMost*dmaWriters) == 0:
		val = 0
	case val&(dmaMost*dmaWriters) == 0:
		val &^= dmaWrite
	}
	d.changeDMA(m, e, val)
	iommuLock.unlockRestore(flags)
}
