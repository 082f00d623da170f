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
	if e := c.TLB.lookup(va, c.pcid()); e != nil && c.allows(e.PTE, acc, mode) && (acc != accWrite || e.PTE&pteD != 0) {
		return e.PTE&pteAddr | va&0xfff, true
	}
	pte, ok := c.walk(va, acc, mode)
	if !ok {
		return 0, false
	}
	return pte&pteAddr | va&0xfff, true
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

// walk translates va by the page tables and returns the TLB form of the
// translation, or raises #PF. The time of the walk is charged in either case.
func (c *CPU) walk(va uint64, acc access, mode uint8) (uint64, bool) {
	pte, code, ok := c.resolve(va, acc, mode)
	if !ok {
		c.charge(models.TLBWalk)
		return 0, c.raisePF(va, acc, mode, code)
	}
	return pte, true
}

// resolve reads the page tables. If they allow the access it sets accessed and
// dirty bits, fills the TLB and charges for the walk; otherwise it changes
// nothing and returns the reason for a #PF (APM vol. 2, 5.3). So accessed bits
// are set only by walks that succeed.
func (c *CPU) resolve(va uint64, acc access, mode uint8) (pte uint64, code uint32, ok bool) {
	w, ok := c.startWalk(va)
	if !ok {
		return 0, 0, false
	}
	perm := pteW | pteU
	var at, entry [4]uint64
	top := w.level
	for ; ; w.level-- {
		var e uint64
		at[w.level&3], e = w.read(c, va)
		entry[w.level&3] = e
		c.noteTable(at[w.level&3], w.entrySize(c))
		if e&pteP == 0 {
			return 0, 0, false
		}
		if e&w.reserved(c, e) != 0 {
			return 0, pfPresent | pfReserved, false
		}
		perm = perm&(e|^(pteW|pteU)) | e&pteNX
		if w.leaf(c, e) {
			break
		}
		w.table = e & pteAddr
	}
	if !c.allows(perm, acc, mode) {
		return 0, pfPresent, false
	}
	c.charge(models.TLBWalk)
	for l := top; l > w.level; l-- {
		c.setTableBits(at[l&3], entry[l&3], pteA)
	}
	mark := pteA
	if acc == accWrite {
		mark |= pteD
	}
	leaf := entry[w.level&3]
	c.setTableBits(at[w.level&3], leaf, mark)

	pte = perm | pteP | (leaf|mark)&(pteA|pteD) | tlbSize(w.pageSize(c))
	if c.CR4&CR4PGE != 0 {
		pte |= leaf & pteG
	}
	pte |= w.pageAddr(c, leaf) | va&(w.pageSize(c)-1)&^0xfff
	i := c.TLB.place(va, c.pcid())
	c.dropTLB(i)
	c.dropHost(tlbIndex(va))
	c.TLB.insert(i, va, c.pcid(), pte)
	return pte, 0, true
}

// isDevice tells whether physical address pa is anything but RAM: what mem does
// not back, and the local APIC's page.
func (c *CPU) isDevice(pa uint64) bool {
	return !c.Mem.IsRAM(pa) ||
		(pa^c.MSR.APICBase)&pteAddr == 0 && c.MSR.APICBase&(apicEnable|apicX2) == apicEnable
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
	if acc == accFetch && (c.MSR.EFER&EFERNXE != 0 && c.CR4&CR4PAE != 0 || c.CR4&CR4SMEP != 0) {
		code |= pfFetch
	}
	if i, ok := c.TLB.find(va, c.pcid()); ok {
		c.TLB.remove(i)
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
	if c.tally != nil {
		c.tally.counts[class]++
	}
}
