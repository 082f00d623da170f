package iommu

import "resvirt/sim"

// Geometry of the caches. A set replaces its ways in turn.
const (
	entries = 32 // device table entries, by the PCI device number
	tlbSets = 32
	tlbWays = 4
	pages   = 12 // translations are cached by pages of 4 KiB
)

// Entry is a cached device table entry.
type Entry struct {
	Valid   bool
	Device  uint16
	Faulted bool // it has faulted since it was read, and faults after the first are suppressed
	Words   [4]uint64
}

func (e *Entry) hash(h *sim.Hasher) {
	h.Bool(e.Valid)
	h.Bool(e.Faulted)
	h.Uint64(uint64(e.Device))
	for _, w := range e.Words {
		h.Uint64(w)
	}
}

// Cached is a cached translation of a page of 4 KiB, which may be part of a larger one.
type Cached struct {
	Valid       bool
	Read, Write bool
	Size        uint8 // the logarithm of the size of the page that the tables map
	Domain      uint16
	Page, Frame uint64 // numbers of pages of 4 KiB
}

func (c *Cached) hash(h *sim.Hasher) {
	h.Bool(c.Valid)
	h.Bool(c.Read)
	h.Bool(c.Write)
	h.Uint64(uint64(c.Domain)<<8 | uint64(c.Size))
	h.Uint64(c.Page)
	h.Uint64(c.Frame)
}

// first and last are the ends of the page that the tables map.
func (c *Cached) first() uint64 { return c.Page << pages &^ c.mask() }
func (c *Cached) last() uint64  { return c.Page<<pages | c.mask() }

func (c *Cached) mask() uint64 { return ^uint64(0) >> (64 - c.Size) }

// lookup finds a cached translation.
func (s *State) lookup(domain uint16, addr uint64) *Cached {
	page := addr >> pages
	set := &s.TLB[page%tlbSets]
	for i := range set {
		if e := &set[i]; e.Valid && e.Domain == domain && e.Page == page {
			return e
		}
	}
	return nil
}

// keep caches a translation.
func (s *State) keep(c Cached) {
	set := c.Page % tlbSets
	s.TLB[set][s.Next[set]] = c
	s.Next[set] = (s.Next[set] + 1) % tlbWays
}

func entryPlace(device uint16) int { return int(device>>3) % entries }

func (u *IOMMU) forgetEntry(device uint16) {
	if e := &u.state.Entries[entryPlace(device)]; e.Device == device {
		*e = Entry{}
	}
}
