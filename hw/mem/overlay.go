package mem

import (
	"slices"

	"resvirt/sim"
)

// The fetch overlay: bits that instruction fetch sees inverted while memory, as
// data accesses and devices see it, is unchanged, like an upset in an
// instruction cache. An inverted bit lasts until its byte is written or
// EndFlips. Pages without one are not affected by anything here.

// Flip is a byte of physical memory that is fetched with some bits inverted.
type Flip struct {
	PA   uint64
	Mask uint8 // not 0
}

// fetched is a page under the overlay, as instruction fetch sees it.
type fetched struct {
	pfn  uint64
	page *Page // nil until somebody fetches
	code any   // what was decoded from page
}

// FlipFetch inverts bits of the byte at pa for instruction fetch; inverting
// them again ends it. If there is no RAM at pa nothing happens. Host pointers
// are revoked.
func (m *Memory) FlipFetch(pa uint64, mask uint8) {
	if !m.has(pa) || mask == 0 {
		return
	}
	flips := slices.Clone(m.flips) // snapshots share the old ones
	i, found := slices.BinarySearchFunc(flips, pa, func(f Flip, pa uint64) int { return int(int64(f.PA - pa)) })
	switch {
	case !found:
		flips = slices.Insert(flips, i, Flip{pa, mask})
	case flips[i].Mask == mask:
		flips = slices.Delete(flips, i, i+1)
	default:
		flips[i].Mask ^= mask
	}
	m.setFlips(flips)
}

// EndFlips lets instruction fetch see memory as it is.
func (m *Memory) EndFlips() {
	if m.flips != nil {
		m.setFlips(nil)
	}
}

// Flips lists the overlay in the order of addresses. The caller must not change it.
func (m *Memory) Flips() []Flip { return m.flips }

// Overlaid tells whether page pfn has bits that are fetched inverted. Writes to
// such a page do not go by host pointers, so that they are seen.
func (m *Memory) Overlaid(pfn uint64) bool { return m.flips != nil && m.fetched(pfn) != nil }

// PageForFetch is PageForRead for instructions.
func (m *Memory) PageForFetch(pfn uint64) *Page {
	f := m.fetched(pfn)
	if f == nil {
		return m.PageForRead(pfn)
	}
	if f.page == nil {
		p := *m.view(pfn)
		f.page = &p
		for _, flip := range m.flips {
			if flip.PA>>PageShift == pfn {
				p[flip.PA&offMask] ^= flip.Mask
			}
		}
	}
	return f.page
}

// FetchBytes fills b as instruction fetch sees memory from pa on.
func (m *Memory) FetchBytes(pa uint64, b []byte) {
	m.ReadBytes(pa, b)
	for _, f := range m.flips {
		if d := f.PA - pa; d < uint64(len(b)) {
			b[d] ^= f.Mask
		}
	}
}

// setFlips replaces the overlay.
func (m *Memory) setFlips(flips []Flip) {
	m.flips, m.overlay = flips, nil
	if len(flips) == 0 {
		m.flips = nil
	}
	for _, f := range m.flips {
		if pfn := f.PA >> PageShift; m.fetched(pfn) == nil {
			m.overlay = append(m.overlay, fetched{pfn: pfn})
		}
	}
	m.gen++
}

func (m *Memory) fetched(pfn uint64) *fetched {
	for i := range m.overlay {
		if m.overlay[i].pfn == pfn {
			return &m.overlay[i]
		}
	}
	return nil
}

// overlayCode is Code for a page under the overlay.
func (f *fetched) overlayCode(decode func() any) any {
	if f.code == nil {
		f.code = decode()
	}
	return f.code
}

// wrote notes a write of n bytes at pa, within a page.
func (m *Memory) wrote(pa, n uint64) {
	m.watchWrite(pa, n)
	if m.points.all&Store != 0 && !m.inROM(pa>>PageShift) {
		m.Note(Store, pa, n)
	}
	f := m.fetched(pa >> PageShift)
	if f == nil {
		return
	}
	left := slices.DeleteFunc(slices.Clone(m.flips), func(f Flip) bool { return f.PA-pa < n })
	switch {
	case len(left) != len(m.flips):
		m.setFlips(left)
	case f.page != nil: // its bytes have changed
		f.page, f.code = nil, nil
		m.gen++
	}
}

// flipSum is what an overlay adds to the digest of memory.
func flipSum(flips []Flip) Sum {
	if len(flips) == 0 {
		return Sum{}
	}
	var h sim.Hasher
	for _, f := range flips {
		h.Uint64(f.PA)
		h.Uint64(uint64(f.Mask))
	}
	return h.Sum()
}
