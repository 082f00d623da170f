// Package mem is physical RAM: a sparse radix table of 4 KiB pages that forks
// of a machine share until one of them writes.
//
// A page is private (one Memory may write it) or sealed (immutable, shared by
// any number of Memories on any goroutine). Snapshot seals every private page;
// the first write after that copies. So the cost of Snapshot, Restore and
// Digest depends on the dirtied pages. A page that was never written costs
// nothing and reads as zero.
//
// A Memory belongs to one goroutine. Snapshots may be passed between goroutines.
package mem

import (
	"fmt"
	"slices"
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
	wait   uint16 // how many more times code is refused
}

// leaf is one node of the table. A nil page has never been written.
type leaf struct {
	pages [leafSize]*page
}

// handed holds, for the pages of a leaf, the low bits of gen when a pointer to
// read, or to write, was last handed out.
type handed struct {
	read, write [leafSize]uint32
}

// Memory is the RAM of one machine. Its own memory grows with the pages that it
// uses, except for one word for each leaf: a fork of a large machine is small.
type Memory struct {
	layout
	root   []*leaf
	own    []uint32 // leaves that are not shared with a snapshot, by index
	owned  []uint64 // the same, a bit each
	dirty  []uint32
	base   Sum // sum of the pages as of the last Snapshot or Restore
	start  []*leaf
	handed []*handed // by leaf, nil while no pointer was handed out

	flips   []Flip    // the fetch overlay by address, nil if there is none; never changed in place
	overlay []fetched // the pages with inverted bits
	watch   watch
	points  watchpoints
	cause   Cause

	sink  *Page    // takes what is written to ROM, nil if there is none; never read
	zero  *page    // content of pages that were never written
	empty *leaf    // a leaf without pages
	gen   uint64   // see Gen
	known []*known // by content, see sameCode

	freePages  []*page
	freeLeaves []*leaf
}

// New returns RAM of the given size, all zero. See Ranges for where it lies.
func New(bytes uint64) (*Memory, error) { return newMemory(bytes, 0) }

func newMemory(bytes, rom uint64) (*Memory, error) {
	if bytes == 0 || bytes%PageSize != 0 || bytes > MaxBytes {
		return nil, fmt.Errorf("mem: %d bytes of RAM: choose a multiple of %d up to %d", bytes, PageSize, uint64(MaxBytes))
	}
	l := newLayout(bytes, rom)
	root := make([]*leaf, (l.end()>>PageShift+leafSize-1)>>leafShift)
	empty := &leaf{}
	for i := range root {
		root[i] = empty
	}
	return fromTable(l, root, &page{data: new(Page), sealed: true}, empty), nil
}

func fromTable(l layout, root []*leaf, zero *page, empty *leaf) *Memory {
	m := &Memory{
		layout: l, zero: zero, empty: empty, gen: 1,
		root:   slices.Clone(root),
		owned:  make([]uint64, (len(root)+63)/64),
		start:  root,
		handed: make([]*handed, len(root)),
	}
	if l.rom != 0 {
		m.sink = new(Page)
	}
	return m
}

// IsRAM tells whether the byte at physical address pa is RAM.
func (m *Memory) IsRAM(pa uint64) bool { return m.has(pa) }

// Dirty returns how many pages were written since the last Snapshot or Restore.
func (m *Memory) Dirty() int { return len(m.dirty) }

// Gen changes whenever a host pointer that PageForRead or PageForWrite returned
// may have become wrong, and whenever a page that PageForRead returned loses its
// decoded code. A caller that keeps such pointers compares it before use.
func (m *Memory) Gen() uint64 { return m.gen }

// PageForRead returns the content of page number pfn, which must be RAM. The
// pointer is good for reading until Gen changes.
func (m *Memory) PageForRead(pfn uint64) *Page {
	m.handOut(pfn).read[pfn&leafMask] = uint32(m.gen)
	if p := m.root[pfn>>leafShift].pages[pfn&leafMask]; p != nil {
		return p.data
	}
	return m.zero.data
}

// PageForWrite returns the content of page number pfn, which must be RAM, for
// reading and writing until Gen changes, unless it is Guarded. It drops the page's decoded code.
func (m *Memory) PageForWrite(pfn uint64) *Page {
	p := m.writable(pfn)
	m.handOut(pfn).write[pfn&leafMask] = uint32(m.gen)
	return p
}

// handOut returns the record of pointers to the pages around pfn that were
// handed out.
func (m *Memory) handOut(pfn uint64) *handed {
	h := m.handed[pfn>>leafShift]
	if h == nil {
		h = new(handed)
		m.handed[pfn>>leafShift] = h
	}
	return h
}

// heldForRead tells whether a pointer to read page pfn may be in use,
// heldForWrite one to write it.
func (m *Memory) heldForRead(pfn uint64) bool {
	h := m.handed[pfn>>leafShift]
	return h != nil && h.read[pfn&leafMask] == uint32(m.gen)
}

func (m *Memory) heldForWrite(pfn uint64) bool {
	h := m.handed[pfn>>leafShift]
	return h != nil && h.write[pfn&leafMask] == uint32(m.gen)
}

// writable is PageForWrite for a pointer that does not outlive the call.
func (m *Memory) writable(pfn uint64) *Page {
	if m.inROM(pfn) {
		return m.sink
	}
	p := m.root[pfn>>leafShift].pages[pfn&leafMask]
	if p != nil && !p.sealed && p.code.Load() == nil {
		return p.data
	}
	if m.heldForRead(pfn) {
		m.gen++ // a caller may hold a read pointer to the old page, or its code
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
	if m.owned[i>>6]>>(i&63)&1 != 0 {
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
	m.root[i] = l
	m.own = append(m.own, uint32(i))
	m.owned[i>>6] |= 1 << (i & 63)
	return l
}

// disown shares every leaf.
func (m *Memory) disown() {
	for _, i := range m.own {
		m.owned[i>>6] = 0
	}
	m.own = m.own[:0]
}
