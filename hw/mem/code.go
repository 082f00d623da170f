package mem

// Decoded code hangs on the page it was decoded from. Whatever is stored must
// be safe for concurrent use, because the page may be sealed and shared at any
// time, and must hold for any physical address, because content is what is shared.

// Code returns the decoded code of page pfn, or nil.
func (m *Memory) Code(pfn uint64) any {
	p := m.root[pfn>>leafShift].pages[pfn&leafMask]
	if p == nil {
		return nil
	}
	if c := p.code.Load(); c != nil {
		return *c
	}
	return nil
}

// SetCode publishes decoded code of page pfn and returns what the page then
// holds: another fork's, if that was first. Pages never written hold none, and
// SetCode then returns code itself. Write pointers to a private page are
// revoked, so that the next write is seen and drops the code.
func (m *Memory) SetCode(pfn uint64, code any) any {
	p := m.root[pfn>>leafShift].pages[pfn&leafMask]
	if p == nil {
		return code
	}
	if !p.code.CompareAndSwap(nil, &code) {
		return *p.code.Load()
	}
	if !p.sealed {
		m.gen++
	}
	return code
}
