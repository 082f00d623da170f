package mem

// Decoded code hangs on the page it was decoded from. Whatever is stored must
// be safe for concurrent use, because the page may be sealed and shared at any
// time, and must hold for any physical address, because content is what is shared.

// Code returns the decoded code of page pfn. If it has none, decode makes it. A
// private page that has the content which it had at the last Snapshot or
// Restore, as after a program was copied over itself, shares the code of that
// time. The result is nil for a page that is both written and executed again
// and again; it may hold code later. Write pointers to a private page are
// revoked, so that the next write is seen and drops the code.
func (m *Memory) Code(pfn uint64, decode func() any) any {
	if f := m.fetched(pfn); f != nil {
		return f.overlayCode(decode)
	}
	p := m.root[pfn>>leafShift].pages[pfn&leafMask]
	if p == nil {
		return decode() // for a page never written
	}
	if c := p.code.Load(); c != nil {
		return *c
	}
	if !p.sealed {
		if p.wait > 0 {
			p.wait--
			return nil
		}
		if m.heldForWrite(pfn) {
			m.gen++
		}
		if was := m.start[pfn>>leafShift].pages[pfn&leafMask]; was != nil {
			if c := was.code.Load(); c != nil && *was.data == *p.data {
				p.code.Store(c)
				return *c
			}
		}
	}
	code := decode()
	if !p.code.CompareAndSwap(nil, &code) {
		return *p.code.Load() // another fork was first
	}
	return code
}

// Drops of a private page's code beyond which each makes the page wait, twice
// as long as the one before, and the number that lets it wait longest.
const (
	freeDrops = 4
	maxDrops  = freeDrops + 10
)

// dropCode forgets the decoded code of a private page that is about to be written.
func (p *page) dropCode() {
	p.code.Store(nil)
	p.drops = min(p.drops+1, maxDrops)
	if p.drops > freeDrops {
		p.wait = 1 << (p.drops - freeDrops)
	}
}
