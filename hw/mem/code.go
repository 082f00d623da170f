package mem

import (
	"encoding/binary"
	"math/bits"
)

// Decoded code is kept with the page from which it was decoded. It must be safe
// for concurrent use, because the page may be sealed and shared at any time. It
// must be valid for any physical address, because pages of equal content share it.

// Code returns the decoded code of page pfn. If it has none, decode makes it. If
// a private page has the same content as at the last Snapshot or Restore, as
// after a program was copied over itself, it shares the code of that time. If it
// has the content of another page that had code, it shares that. The result is
// nil for a page that is both written and executed again and again; it may get
// code later. Write pointers to a private page are revoked, so that the next
// write is seen and drops the code.
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
		return *p.code.Load() // a fork in another goroutine was first
	}
	return code
}

// known is a page's content with its code.
type known struct {
	content Page
	code    any
}

// knownCodes is the number of such contents that are remembered.
const knownCodes = 64

// sameCode returns the code of the last page with this content. So a program is
// not decoded again when it is loaded again, in this run or in another run of a
// restored machine.
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

// likeness is a hash of a page's content.
func likeness(p *Page) (h uint64) {
	for k := 0; k < PageSize; k += 8 {
		h = bits.RotateLeft64(h, 5) ^ binary.LittleEndian.Uint64(p[k:])
		h *= 0x9e3779b97f4a7c15
	}
	return h >> 32
}

// After freeDrops drops of its code a private page has to wait for new code,
// twice as long after each further drop. After maxDrops the wait does not grow
// any more.
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
