package mem

import (
	"encoding/binary"
	"math/bits"
)

// Decoded code hangs on the page it was decoded from. Whatever is stored must
// be safe for concurrent use, because the page may be sealed and shared at any
// time, and must hold for any physical address, because content is what is shared.

// Code returns the decoded code of page pfn. If it has none, decode makes it. A
// private page that has the content which it had at the last Snapshot or
// Restore, as after a program was copied over itself, shares the code of that
// time; one that has the content of another page that had code shares that. The
// result is nil for a page that is both written and executed again and again; it
// may hold code later. Write pointers to a private page are revoked, so that the
// next write is seen and drops the code.
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
	private := !p.sealed
	if private {
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
	var code any
	if private {
		code = m.sameCode(p.data, decode)
	} else {
		code = decode()
	}
	if !p.code.CompareAndSwap(nil, &code) {
		return *p.code.Load() // another fork was first
	}
	return code
}

// known is the code of a page of some content.
type known struct {
	content Page
	code    any
}

// knownCodes bounds what is remembered of pages that were written and executed.
const knownCodes = 64

// sameCode returns the code of the last page of this content, so that a program
// that is loaded again, or that another run of a restored machine loads, is not
// decoded again.
func (m *Memory) sameCode(content *Page, decode func() any) any {
	if m.known == nil {
		m.known = make([]*known, knownCodes)
	}
	at := &m.known[likeness(content)%knownCodes]
	if k := *at; k != nil && k.content == *content {
		return k.code
	}
	k := &known{*content, decode()}
	*at = k
	return k.code
}

// likeness is a number that depends on all of a page.
func likeness(p *Page) (h uint64) {
	for k := 0; k < PageSize; k += 8 {
		h = bits.RotateLeft64(h, 5) ^ binary.LittleEndian.Uint64(p[k:])
		h *= 0x9e3779b97f4a7c15
	}
	return h >> 32
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
