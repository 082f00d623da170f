package iommu

import (
	"encoding/binary"
	"math/bits"
)

// Fields of page table entries (2.2.3).
const (
	ptePresent   = 1 << 0
	pteNextShift = 9
	pteRead      = 1 << 61
	pteWrite     = 1 << 62
	pteReserved  = 0x7f << 52
	pdeReserved  = 0x1ff << 52

	levelBits   = 9
	nextPage    = 0 // next level: the entry maps a page of its level's size
	nextAnySize = 7 // ... of a size that is in its address
)

// everything is how far an answer holds that is the same for all addresses.
const everything = ^uint64(0)

// Translate implements pci.Remapper.
func (u *IOMMU) Translate(requester uint16, addr uint64, write bool) (pa, n uint64, ok bool) {
	if !u.enabled() {
		return addr, everything, true
	}
	rest := uint64(1)<<pages - addr&(1<<pages-1)
	a := &access{device: requester, address: addr, write: write}
	e, ok := u.entry(a)
	if !ok {
		return 0, rest, false
	}
	switch {
	case e.Words[0]&dteValid == 0:
		return addr, rest, true
	case e.Words[0]&dteTranslation == 0: // the rest of the entry says nothing
		u.fault(e, a, 0)
		return 0, rest, false
	case u.excluded(e, addr):
		return addr, rest, true
	case e.levels() == 0: // no translation, but permissions
		if !permitted(write, e.Words[0]&dteRead != 0, e.Words[0]&dteWrite != 0) {
			u.fault(e, a, flagPresent|flagPermission)
			return 0, rest, false
		}
		return addr, rest, true
	}
	c := u.state.lookup(e.domain(), addr)
	if c == nil {
		if c = u.walk(e, a); c == nil {
			return 0, rest, false
		}
	}
	if !permitted(write, c.Read, c.Write) {
		u.fault(e, a, flagPresent|flagPermission)
		return 0, rest, false
	}
	return c.Frame<<pages | addr&(1<<pages-1), rest, true
}

func permitted(write, mayRead, mayWrite bool) bool {
	if write {
		return mayWrite
	}
	return mayRead
}

// excluded tells whether an address is in the range that is not translated (2.2.6).
func (u *IOMMU) excluded(e *Entry, addr uint64) bool {
	s := &u.state
	return s.ExclusionBase&excludeOn != 0 && (s.ExclusionBase&excludeForAll != 0 || e.Words[1]&dteExclusion != 0) &&
		addr >= s.ExclusionBase&addressBits && addr <= s.ExclusionLimit|0xfff
}

// walk finds a translation in the page tables and caches it. It is nil if there is none, which
// has been logged then.
func (u *IOMMU) walk(e *Entry, a *access) *Cached {
	level, table := e.levels(), e.Words[0]&addressBits
	c := Cached{Valid: true, Domain: e.domain(), Page: a.address >> pages, Read: e.Words[0]&dteRead != 0, Write: e.Words[0]&dteWrite != 0}
	above := maxLevels + 1 // the level from which the walk comes
	for {
		if skipped := bitsOf(a.address, level, above); skipped != 0 {
			u.fault(e, a, 0) // the levels that are left out translate zeros alone
			return nil
		}
		at := table + a.address>>(pages+levelBits*(level-1))&(1<<levelBits-1)*8
		if !u.ram(at, 8) {
			u.log(event{code: eventPageTableError, device: a.device, domain: e.domain(), flags: a.flags() | hardwareMasterAbort, address: at})
			return nil
		}
		var b [8]byte
		u.host.ReadRAM(at, b[:])
		pte := binary.LittleEndian.Uint64(b[:])
		next := int(pte >> pteNextShift & 7)
		c.Read = c.Read && pte&pteRead != 0
		c.Write = c.Write && pte&pteWrite != 0
		switch {
		case pte&ptePresent == 0:
			u.fault(e, a, 0)
			return nil
		case next == nextPage || next == nextAnySize:
			if !c.page(pte, level, a.address) {
				u.fault(e, a, flagPresent|flagReserved)
				return nil
			}
			u.state.keep(c)
			return u.state.lookup(c.Domain, a.address)
		case next >= level || pte&pdeReserved != 0:
			u.fault(e, a, flagPresent|flagReserved)
			return nil
		}
		table, level, above = pte&addressBits, next, level
	}
}

// bitsOf is what an address has for the levels above one, below another.
func bitsOf(addr uint64, level, above int) uint64 {
	return addr >> (pages + levelBits*level) & (1<<(levelBits*(above-1-level)) - 1)
}

// page completes a translation by the entry that maps the page. It is false if the entry
// has a reserved bit, or a size that does not belong to its level.
func (c *Cached) page(pte uint64, level int, addr uint64) bool {
	if pte&pteReserved != 0 {
		return false
	}
	size := pages + levelBits*(level-1)
	frame := pte & addressBits
	if pte>>pteNextShift&7 == nextAnySize {
		coded := bits.TrailingZeros64(^(frame | (1<<pages - 1))) + 1
		if coded <= size || coded >= size+levelBits {
			return false
		}
		size = coded
	}
	mask := uint64(1)<<size - 1
	c.Size = uint8(size)
	c.Frame = (frame&^mask | addr&mask) >> pages
	return true
}
