package mem

// Snapshot is the content of RAM at one moment. It is immutable.
type Snapshot struct {
	size  uint64
	root  []*leaf
	sum   Sum
	zero  *page
	empty *leaf
}

// Size returns the number of bytes of RAM.
func (s *Snapshot) Size() uint64 { return s.size }

// Sum returns the digest of the content.
func (s *Snapshot) Sum() Sum { return s.sum }

// Snapshot seals every page and returns the content of RAM. Host pointers are revoked.
func (m *Memory) Snapshot() *Snapshot {
	for _, pfn := range m.dirty {
		p := m.root[pfn>>leafShift].pages[pfn&leafMask]
		was := m.start[pfn>>leafShift].pages[pfn&leafMask]
		p.sum = hashPage(p.data)
		p.sealed = true
		m.base = m.base.Sub(contribution(was, uint64(pfn))).Add(contribution(p, uint64(pfn)))
	}
	s := &Snapshot{size: m.size, root: make([]*leaf, len(m.root)), sum: m.base, zero: m.zero, empty: m.empty}
	copy(s.root, m.root)
	clear(m.own)
	m.dirty = m.dirty[:0]
	m.start = s.root
	m.gen++
	return s
}

// Restore brings back the content of s, a snapshot of this RAM or of any of the
// same size. It recycles the pages dirtied since; host pointers are revoked.
func (m *Memory) Restore(s *Snapshot) {
	if s.size != m.size {
		panic("BUG: mem: snapshot of another size restored")
	}
	for _, pfn := range m.dirty {
		p := m.root[pfn>>leafShift].pages[pfn&leafMask]
		p.code.Store(nil)
		p.drops, p.wait = 0, 0
		m.freePages = append(m.freePages, p)
	}
	for i, l := range m.root {
		if m.own[i] {
			m.freeLeaves = append(m.freeLeaves, l)
			m.own[i] = false
		}
	}
	copy(m.root, s.root)
	m.dirty = m.dirty[:0]
	m.start, m.base, m.zero, m.empty = s.root, s.sum, s.zero, s.empty
	m.gen++
}

// NewFrom returns a new RAM with the content of s, sharing its pages.
func NewFrom(s *Snapshot) *Memory {
	m := fromTable(s.size, s.root, s.zero, s.empty)
	m.base = s.sum
	return m
}
