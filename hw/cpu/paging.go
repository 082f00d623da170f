package cpu

import "resvirt/hw/mem"

// The formats of page tables: 4-level, PAE and 32-bit (APM vol. 2, 5.2, 5.3).
// They are read by the processor's walk (mmu.go) and by the host's (view.go).

// tableWalk is a walk under way: the level whose entry comes next (0 is the
// last one) and the table it is in.
type tableWalk struct {
	table uint64
	level int
}

// startWalk returns where the walk for va begins. In PAE paging that is behind
// the four registers that MOV to CR3 loaded; ok is false if va's is not present.
func (c *CPU) startWalk(va uint64) (w tableWalk, ok bool) {
	switch {
	case c.longActive():
		return tableWalk{c.CR3 & pteAddr, 3}, true
	case c.CR4&CR4PAE != 0:
		e := c.PDPTE[va>>30&3]
		return tableWalk{e & pteAddr, 1}, e&pteP != 0
	}
	return tableWalk{c.CR3 & 0xfffff000, 1}, true
}

// read returns the entry of va and its physical address.
func (w tableWalk) read(c *CPU, va uint64) (at, e uint64) {
	if c.CR4&CR4PAE == 0 {
		at = w.table + va>>(12+10*w.level)&0x3ff<<2
		return at, c.readTable32(at)
	}
	at = w.table + va>>(12+9*w.level)&0x1ff<<3
	return at, c.readTable(at)
}

// entrySize is the size of an entry.
func (w tableWalk) entrySize(c *CPU) uint64 {
	if c.CR4&CR4PAE == 0 {
		return 4
	}
	return 8
}

// leaf tells whether e maps a page and not a table.
func (w tableWalk) leaf(c *CPU, e uint64) bool {
	if w.level == 0 {
		return true
	}
	return e&ptePS != 0 && w.level < 3 && c.CR4&(CR4PAE|CR4PSE) != 0
}

// pageSize is the size of the pages that entries of this level map.
func (w tableWalk) pageSize(c *CPU) uint64 {
	if c.CR4&CR4PAE == 0 {
		return 1 << (12 + 10*w.level)
	}
	return 1 << (12 + 9*w.level)
}

// pageAddr is the address of the page that leaf e maps. The upper bits of a 4 MiB
// page stand in bits 20 to 13 (APM vol. 2, 5.2.1: PSE-36).
func (w tableWalk) pageAddr(c *CPU, e uint64) uint64 {
	f := e & pteAddr &^ (w.pageSize(c) - 1)
	if c.CR4&CR4PAE == 0 && w.level == 1 {
		f |= e >> 13 & 0xff << 32
	}
	return f
}

// reserved returns the bits that must be zero in e (APM vol. 2, 5.3, 5.4).
func (w tableWalk) reserved(c *CPU, e uint64) uint64 {
	if c.CR4&CR4PAE == 0 {
		if w.leaf(c, e) && w.level == 1 {
			return 1 << 21
		}
		return 0
	}
	r := uint64(1<<52-1) &^ physMask
	if !c.longActive() {
		r = uint64(1<<63-1) &^ physMask
	}
	if c.MSR.EFER&EFERNXE == 0 {
		r |= pteNX
	}
	switch {
	case w.level == 3:
		r |= ptePS
	case w.level > 0 && e&ptePS != 0:
		r |= w.pageSize(c) - 1<<13 // between the PAT bit and the page's address
	}
	return r
}

// loadPDPTEs reads the page-directory pointers of PAE paging at cr3, as writes
// to CR3, and to bits of CR0 and CR4 that change paging, do (APM vol. 2, 5.2.3;
// Intel SDM vol. 3, 4.4.1). False means #GP: a present one has reserved bits.
func (c *CPU) loadPDPTEs(cr3 uint64) bool {
	const reserved = 3<<1 | 0xf<<5 | ^physMask
	var p [4]uint64
	for k := range p {
		at := cr3&0xffffffe0 + 8*uint64(k)
		p[k] = c.readTable(at)
		c.noteTable(at, 8)
		if p[k]&pteP != 0 && p[k]&reserved != 0 {
			return false
		}
	}
	c.PDPTE = p
	return true
}

// paePaging tells whether PAE paging is on with the given control registers.
func (c *CPU) paePaging(cr0, cr4 uint64) bool {
	return cr0&CR0PG != 0 && cr4&CR4PAE != 0 && !c.longActive()
}

// readTable reads an 8-byte entry. Tables outside RAM read as ones, which makes
// their entries reserved.
func (c *CPU) readTable(pa uint64) uint64 {
	if c.isDevice(pa) {
		return ^uint64(0)
	}
	return c.Mem.Read64(pa)
}

// readTable32 reads a 4-byte entry. Tables outside RAM read as 0 and so map
// nothing: all ones would be a valid entry of this format.
func (c *CPU) readTable32(pa uint64) uint64 {
	if c.isDevice(pa) {
		return 0
	}
	return uint64(c.Mem.Read32(pa))
}

// setTableBits sets accessed and dirty bits in an entry.
func (c *CPU) setTableBits(pa, e, bits uint64) {
	if e&bits == bits {
		return
	}
	was := c.Mem.Because(mem.Walk)
	if c.CR4&CR4PAE == 0 {
		c.Mem.Write32(pa, uint32(e|bits))
	} else {
		c.Mem.Write64(pa, e|bits)
	}
	c.Mem.Because(was)
}

// noteTable tells the host's watches that an entry was read.
func (c *CPU) noteTable(pa, size uint64) {
	was := c.Mem.Because(mem.Walk)
	c.Mem.NoteRead(pa, size, 0)
	c.Mem.Because(was)
}
