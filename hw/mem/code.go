package mem

// Decoded code hangs on the page it was decoded from. Whatever is stored must
// be safe for concurrent use, because the page may be sealed and shared at any
// time, and must hold for any physical address, because content is what is shared.

// Code returns the decoded code of page pfn, or nil. A private page that has
// the content which it had at the last Snapshot or Restore, as after a program
// was copied over itself, shares the code of that time.
func (m *Memory) Code(pfn uint64) any {
	p := m.root[pfn>>leafShift].pages[pfn&leafMask]
	if p == nil {
		return nil
	}
	if c := p.code.Load(); c != nil {
		return *c
	}
	was := m.start[pfn>>leafShift].pages[pfn&leafMask]
	if p.sealed || was == nil {
		return nil
	}
	if c := was.code.Load(); c != nil && *was.data == *p.data {
		return m.SetCode(pfn, *c)
	}
	return nil
}

// maxDrops bounds how often a private page may gain code and lose it again.
const maxDrops = 16

// SetCode publishes decoded code of page pfn and returns what the page then
// holds: another fork's, if that was first. Pages never written hold none, and
// SetCode then returns code itself. Pages that are both written and executed
// again and again hold none either, and SetCode returns nil. Write pointers to
// a private page are revoked, so that the next write is seen and drops the code.
func (m *Memory) SetCode(pfn uint64, code any) any {
	p := m.root[pfn>>leafShift].pages[pfn&leafMask]
	switch {
	case p == nil:
		return code
	case p.drops >= maxDrops && !p.sealed:
		return nil
	}
	if !p.code.CompareAndSwap(nil, &code) {
		return *p.code.Load()
	}
	if !p.sealed && m.write[pfn] == uint32(m.gen) {
		m.gen++
	}
	return code
}
