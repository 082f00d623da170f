package cpu

import "resvirt/models"

// access is what an instruction does to memory.
type access uint8

const (
	accRead access = iota
	accWrite
	accFetch
)

// Bits of a page fault's error code (APM vol. 2, 8.4.2).
const (
	pfPresent  = 1 << 0
	pfWrite    = 1 << 1
	pfUser     = 1 << 2
	pfReserved = 1 << 3
	pfFetch    = 1 << 4
)

// translate returns the physical address of the linear address va, or raises #PF.
// A cached translation is used as it is, however old, unless it forbids the
// access or the page must become dirty: then the tables are walked again.
func (c *CPU) translate(va uint64, acc access, mode uint8) (pa uint64, ok bool) {
	if c.CR0&CR0PG == 0 {
		return va & 0xffffffff, true
	}
	if e := c.TLB.lookup(va); e != nil && c.allows(e.PTE, acc, mode) && (acc != accWrite || e.PTE&pteD != 0) {
		return e.PTE&pteFrame | va&0xfff, true
	}
	pte, ok := c.walk(va, acc, mode)
	if !ok {
		return 0, false
	}
	return pte&pteFrame | va&0xfff, true
}

// allows tells whether permissions pte, those of a page or of a TLB entry,
// admit the access (APM vol. 2, 5.6).
func (c *CPU) allows(pte uint64, acc access, mode uint8) bool {
	user, userPage := mode&2 != 0, pte&pteU != 0
	switch {
	case user && !userPage:
		return false
	case acc == accFetch:
		return pte&pteNX == 0 && (user || !userPage || c.CR4&CR4SMEP == 0)
	case !user && userPage && mode&1 == 0 && c.CR4&CR4SMAP != 0:
		return false
	case acc == accWrite:
		return pte&pteW != 0 || !user && c.CR0&CR0WP == 0
	}
	return true
}

// walk translates va by the page tables, sets accessed and dirty bits, fills
// the TLB and returns the TLB form of the translation, or raises #PF
// (APM vol. 2, 5.3). Accessed bits are set only by walks that succeed.
func (c *CPU) walk(va uint64, acc access, mode uint8) (uint64, bool) {
	c.charge(models.TLBWalk)
	perm, table := pteW|pteU, c.CR3&pteFrame
	var at, entry [4]uint64
	var leaf uint64
	level := 3
	for ; ; level-- {
		at[level] = table + va>>(12+9*level)&0x1ff<<3
		e := c.readTable(at[level])
		entry[level] = e
		if e&pteP == 0 {
			return 0, c.raisePF(va, acc, mode, 0)
		}
		if e&c.reservedBits(level, e) != 0 {
			return 0, c.raisePF(va, acc, mode, pfPresent|pfReserved)
		}
		perm = perm&(e|^(pteW|pteU)) | e&pteNX
		if level == 0 || level < 3 && e&ptePS != 0 {
			leaf = e
			break
		}
		table = e & pteFrame
	}
	if !c.allows(perm, acc, mode) {
		return 0, c.raisePF(va, acc, mode, pfPresent)
	}
	for l := 3; l > level; l-- {
		c.setTableBits(at[l], entry[l], pteA)
	}
	mark := pteA
	if acc == accWrite {
		mark |= pteD
	}
	c.setTableBits(at[level], leaf, mark)

	pte := perm | pteP | (leaf|mark)&(pteA|pteD)
	if c.CR4&CR4PGE != 0 {
		pte |= leaf & pteG
	}
	span := uint64(1)<<(12+9*level) - 1 // offset within the page
	pte |= leaf&pteFrame&^span | va&span&^0xfff
	switch level {
	case 1:
		pte |= tlbSize2M
	case 2:
		pte |= tlbSize1G
	}
	c.dropHost(tlbIndex(va))
	c.TLB.insert(va, pte)
	return pte, true
}

// reservedBits returns the bits that must be zero in entry e of a level.
func (c *CPU) reservedBits(level int, e uint64) uint64 {
	r := uint64(1<<52-1) &^ physMask
	if c.MSR.EFER&EFERNXE == 0 {
		r |= pteNX
	}
	switch {
	case level == 3:
		r |= ptePS
	case level > 0 && e&ptePS != 0:
		r |= uint64(1)<<(12+9*level) - 1<<13 // between PAT and the frame
	}
	return r
}

// readTable reads a page-table entry. Tables outside RAM read as ones, which
// makes their entries reserved.
func (c *CPU) readTable(pa uint64) uint64 {
	if c.isDevice(pa) {
		return ^uint64(0)
	}
	return c.Mem.Read64(pa)
}

func (c *CPU) setTableBits(pa, e, bits uint64) {
	if e&bits != bits {
		c.Mem.Write64(pa, e|bits)
	}
}

// isDevice tells whether physical address pa is anything but RAM: what mem does
// not back, and the local APIC's page.
func (c *CPU) isDevice(pa uint64) bool {
	return !c.Mem.IsRAM(pa) ||
		(pa^c.MSR.APICBase)&pteFrame == 0 && c.MSR.APICBase&(apicEnable|apicX2) == apicEnable
}

// raisePF raises a page fault and returns false. The faulting page leaves the
// TLB (APM vol. 2, 5.5.2).
func (c *CPU) raisePF(va uint64, acc access, mode uint8, code uint32) bool {
	if acc == accWrite {
		code |= pfWrite
	}
	if mode&2 != 0 {
		code |= pfUser
	}
	if acc == accFetch && (c.MSR.EFER&EFERNXE != 0 || c.CR4&CR4SMEP != 0) {
		code |= pfFetch
	}
	if c.TLB.lookup(va) != nil {
		c.TLB.remove(tlbIndex(va))
	}
	c.dropHost(tlbIndex(va))
	c.CR2 = va
	c.raiseErr(VecPF, code)
	return false
}

// charge adds the time of an event inside an instruction.
func (c *CPU) charge(class models.Class) {
	if c.Cost != nil {
		c.Clock += int64(c.Cost[class])
	}
}
