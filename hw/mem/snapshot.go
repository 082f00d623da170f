package mem

import "slices"

// Snapshot is the content of RAM at one moment. It is immutable.
type Snapshot struct {
	layout
	root  []*leaf
	sum   Sum
	zero  *page
	empty *leaf
	flips []Flip
}

// Sum returns the digest of the content and of the fetch overlay.
func (s *Snapshot) Sum() Sum { return s.sum.Add(flipSum(s.flips)) }

// Snapshot seals every page and returns the content of RAM. Host pointers are revoked.
func (m *Memory) Snapshot() *Snapshot {
	for _, pfn := range m.dirty {
		p := m.root[pfn>>leafShift].pages[pfn&leafMask]
		was := m.start[pfn>>leafShift].pages[pfn&leafMask]
		p.sum = hashPage(p.data)
		p.sealed = true
		m.base = m.base.Sub(contribution(was, uint64(pfn))).Add(contribution(p, uint64(pfn)))
	}
	if len(m.own) != 0 {
		m.start = slices.Clone(m.root)
	}
	m.disown()
	m.dirty = m.dirty[:0]
	m.gen++
	return &Snapshot{m.layout, m.start, m.base, m.zero, m.empty, m.flips}
}

// Restore brings back the content of s, a snapshot of this RAM or of any of the
// same size. It recycles the pages dirtied since; host pointers are revoked. The
// snapshot that was the last one taken or restored costs only what was dirtied.
func (m *Memory) Restore(s *Snapshot) {
	if s.layout != m.layout {
		panic("BUG: mem: snapshot of another size restored")
	}
	for _, pfn := range m.dirty {
		p := m.root[pfn>>leafShift].pages[pfn&leafMask]
		p.code.Store(nil)
		p.drops, p.wait = 0, 0
		m.freePages = append(m.freePages, p)
	}
	for _, i := range m.own {
		m.freeLeaves = append(m.freeLeaves, m.root[i])
		m.root[i] = s.root[i]
	}
	if &m.start[0] != &s.root[0] {
		copy(m.root, s.root)
	}
	m.disown()
	m.dirty = m.dirty[:0]
	m.start, m.base, m.zero, m.empty = s.root, s.sum, s.zero, s.empty
	m.watch = watch{}
	m.setFlips(s.flips)
}

// NewFrom returns a new RAM with the content of s, sharing its pages.
func NewFrom(s *Snapshot) *Memory {
	m := fromTable(s.layout, s.root, s.zero, s.empty)
	m.base = s.sum
	m.setFlips(s.flips)
	return m
}

// SamePages tells whether the pages of n bytes from pa on are shared with another snapshot. If
// one was taken on the way to the other, without a Restore in between, they were then not
// written on this way; pages that are not shared may have been, also with what was there.
// It costs no look at their content.
func (s *Snapshot) SamePages(o *Snapshot, pa, n uint64) bool {
	if s.layout != o.layout {
		return false
	}
	if n == 0 {
		return true
	}
	for pfn, last := pa>>PageShift, (pa+n-1)>>PageShift; pfn <= last && pfn>>leafShift < uint64(len(s.root)); pfn++ {
		a, b := s.root[pfn>>leafShift], o.root[pfn>>leafShift]
		if a != b && a.pages[pfn&leafMask] != b.pages[pfn&leafMask] {
			return false
		}
	}
	return true
}
