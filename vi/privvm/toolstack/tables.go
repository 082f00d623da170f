package main

import p "resvirt/vi/privvm/process"

// The page tables of a VM's initial address space.

// Bits of page-table entries (AMD64 APM vol. 2, 5.4).
const (
	pteRead  = 1 | 1<<2 | 1<<5 // present, user, accessed
	pteWrite = pteRead | 1<<1  // and writable
	pteData  = pteWrite | 1<<6 // and dirty
	pteFrame = 0x000ffffffffff000
)

// shown are the page tables that the first pages of the window show, by their frames in the
// VM plus 1; that of the root is the first.
var shown [4]uint64

// pageTables maps everything from the base on, and a P2M list that lies elsewhere.
func (b *builder) pageTables() {
	shown = [4]uint64{}
	root := b.pfn(b.tables)
	b.spare = root + 1
	for va := b.k.Base; va < b.end && b.pfn(va) < b.pages && b.why == ""; va += pageSize {
		e := b.frame(va)<<pageShift | pteRead
		if va < b.tables || va >= b.tables+b.ntables<<pageShift {
			e |= pteData
		}
		b.mapPage(root, va, e)
	}
	if b.k.P2M == 0 {
		return
	}
	n := pagesFor(b.pages * 8)
	b.spare = b.listPFN + n
	for i := uint64(0); i < n && b.why == ""; i++ {
		b.mapPage(root, b.list+i<<pageShift, p2m[b.listPFN+i]<<pageShift|pteData)
	}
}

// mapPage enters a page into the initial address space.
func (b *builder) mapPage(table, va, entry uint64) {
	for level := range 3 {
		t := b.table(level, table)
		if t == nil {
			return
		}
		e := &t[va>>(39-9*level)&511]
		if *e == 0 {
			*e = p2m[b.spare]<<pageShift | pteWrite
			table = b.spare
			b.spare++
			continue
		}
		if table = b.tableOf(*e & pteFrame >> pageShift); table == 0 {
			b.fail("its page tables are not what they were")
			return
		}
	}
	if t := b.table(3, table); t != nil {
		t[va>>pageShift&511] = entry
	}
}

// table shows a page table in the window's page for its level.
func (b *builder) table(level int, pfn uint64) *[512]uint64 {
	at := work.at + uint64(level)<<pageShift
	if shown[level] != pfn+1 {
		if work.at == 0 && b.window(pfn, 1) == 0 {
			return nil
		}
		at = work.at + uint64(level)<<pageShift
		b.must("its memory cannot be mapped", xen.MapFrames(b.id, at, p2m[pfn:][:1], work.errs[:1]))
		shown[level] = pfn + 1
	}
	if b.why != "" {
		return nil
	}
	return (*[512]uint64)(p.Ptr(at))
}

// tableOf is the number that a frame with a page table has in the VM, 0 if it is none.
func (b *builder) tableOf(frame uint64) uint64 {
	for _, pfn := range shown { // mostly one of these
		if pfn != 0 && p2m[pfn-1] == frame {
			return pfn - 1
		}
	}
	for i := range b.ntables {
		if pfn := b.pfn(b.tables) + i; p2m[pfn] == frame {
			return pfn
		}
	}
	for pfn := b.listPFN; pfn < b.listEnd; pfn++ {
		if p2m[pfn] == frame {
			return pfn
		}
	}
	return 0
}
