// Package mem is physical RAM: a sparse radix table of 4 KiB pages that forks
// of a machine share until one of them writes.
//
// A page is private (one Memory may write it) or sealed (immutable, shared by
// any number of Memories on any goroutine). Snapshot seals every private page;
// the first write after that copies. So Snapshot, Restore and Digest cost what
// was dirtied, and a page nobody ever wrote costs nothing and reads as zero.
//
// A Memory belongs to one goroutine. Snapshots may be passed between goroutines.
package mem

import (
	"fmt"
	"sync/atomic"
)

// Sizes of a page and of a leaf of the radix table.
const (
	PageShift = 12
	PageSize  = 1 << PageShift
	offMask   = PageSize - 1

	leafShift = 9
	leafSize  = 1 << leafShift
	leafMask  = leafSize - 1

	// MaxBytes keeps RAM below the hole in which PCs place their devices.
	MaxBytes = 3 << 30
)

// Page is the content of one page.
type Page = [PageSize]byte

// page is a page handle. Everything but code is written only while it is private.
type page struct {
	data   *Page
	code   atomic.Pointer[any] // decoded instructions, nil if none
	sum    Sum                 // hash of data; valid once sealed
	sealed bool
	drops  uint8  // how often a write dropped code while the page was private
	wait   uint16 // how often code is still refused
}

// leaf is one node of the table. A nil page has never been written.
type leaf struct {
	pages [leafSize]*page
}

// Memory is the RAM of one machine.
type Memory struct {
	size  uint64
	root  []*leaf
	own   []bool // root[i] is not shared with a snapshot
	dirty []uint32
	base  Sum // sum of the pages as of the last Snapshot or Restore
	start []*leaf

	zero  *page  // what unbacked pages read as
	empty *leaf  // a leaf without pages
	gen   uint64 // see Gen

	// read and write hold, per page, the low bits of gen when such a pointer was last handed out.
	read, write []uint32

	freePages  []*page
	freeLeaves []*leaf
}

// New returns RAM of the given size at physical address 0, all zero.
func New(bytes uint64) (*Memory, error) {
	if bytes == 0 || bytes%PageSize != 0 || bytes > MaxBytes {
		return nil, fmt.Errorf("mem: %d bytes of RAM: choose a multiple of %d up to %d", bytes, PageSize, uint64(MaxBytes))
	}
	root := make([]*leaf, (bytes>>PageShift+leafSize-1)>>leafShift)
	empty := &leaf{}
	for i := range root {
		root[i] = empty
	}
	return fromTable(bytes, root, &page{data: new(Page), sealed: true}, empty), nil
}

func fromTable(size uint64, root []*leaf, zero *page, empty *leaf) *Memory {
	m := &Memory{
		size: size, zero: zero, empty: empty, gen: 1,
		root:  make([]*leaf, len(root)),
		own:   make([]bool, len(root)),
		start: root,
		read:  make([]uint32, size>>PageShift),
		write: make([]uint32, size>>PageShift),
	}
	copy(m.root, root)
	return m
}

// Size returns the number of bytes of RAM.
func (m *Memory) Size() uint64 { return m.size }

// IsRAM tells whether the byte at physical address pa is RAM.
func (m *Memory) IsRAM(pa uint64) bool { return pa < m.size }

// Dirty returns how many pages were written since the last Snapshot or Restore.
func (m *Memory) Dirty() int { return len(m.dirty) }

// Gen changes whenever a host pointer that PageForRead or PageForWrite returned
// may have become wrong, and whenever a page that PageForRead returned loses its
// decoded code. A caller that keeps such pointers compares it before use.
func (m *Memory) Gen() uint64 { return m.gen }

// PageForRead returns the content of page number pfn, which must be RAM. The
// pointer is good for reading until Gen changes.
func (m *Memory) PageForRead(pfn uint64) *Page {
	m.read[pfn] = uint32(m.gen)
	if p := m.root[pfn>>leafShift].pages[pfn&leafMask]; p != nil {
		return p.data
	}
	return m.zero.data
}

// PageForWrite returns the content of page number pfn, which must be RAM, for
// reading and writing until Gen changes. It drops the page's decoded code.
func (m *Memory) PageForWrite(pfn uint64) *Page {
	p := m.writable(pfn)
	m.write[pfn] = uint32(m.gen)
	return p
}

// writable is PageForWrite for a pointer that does not outlive the call.
func (m *Memory) writable(pfn uint64) *Page {
	p := m.root[pfn>>leafShift].pages[pfn&leafMask]
	if p != nil && !p.sealed && p.code.Load() == nil {
		return p.data
	}
	if m.read[pfn] == uint32(m.gen) {
		m.gen++ // somebody may hold a read pointer to the old page, or its code
	}
	if p != nil && !p.sealed {
		p.dropCode()
		return p.data
	}
	return m.privatize(pfn, p)
}

// privatize replaces page pfn, now p, by a private copy.
func (m *Memory) privatize(pfn uint64, p *page) *Page {
	n := m.takePage()
	if p != nil {
		*n.data = *p.data
	} else {
		*n.data = Page{}
	}
	m.ownLeaf(pfn >> leafShift).pages[pfn&leafMask] = n
	m.dirty = append(m.dirty, uint32(pfn))
	return n.data
}

// takePage returns a private page of undefined content.
func (m *Memory) takePage() *page {
	if k := len(m.freePages) - 1; k >= 0 {
		p := m.freePages[k]
		m.freePages = m.freePages[:k]
		return p
	}
	return &page{data: new(Page)}
}

// ownLeaf makes leaf i of the table writable.
func (m *Memory) ownLeaf(i uint64) *leaf {
	old := m.root[i]
	if m.own[i] {
		return old
	}
	var l *leaf
	if k := len(m.freeLeaves) - 1; k >= 0 {
		l = m.freeLeaves[k]
		m.freeLeaves = m.freeLeaves[:k]
	} else {
		l = &leaf{}
	}
	*l = *old
	m.root[i], m.own[i] = l, true
	return l
}
