package cpu

import (
	"math/bits"

	"resvirt/hw/mem"
	"resvirt/sim"
)

// The TLB is architectural state: what software did not flush stays in use. Its
// geometry is fixed: 512 entries of 4 KiB in sets of four, for instructions and
// data alike; larger pages enter it as 4 KiB fragments. The process-context
// identifier is compared, and does not choose the set. Of a full set the entry that
// was put there first makes room: a hit changes nothing, so that it may go by a
// host pointer.
const (
	tlbEntries = 512
	tlbWays    = 4
	tlbSets    = tlbEntries / tlbWays
	tlbWords   = tlbEntries / 64
)

// TLB is the translation look-aside buffer. Unused entries are zero. Those of set s
// are 4*s to 4*s+3.
type TLB struct {
	Entry  [tlbEntries]TLBEntry
	Oldest [tlbSets]uint8   // which of a full set makes room next
	Valid  [tlbWords]uint64 // one bit per entry
	Global [tlbWords]uint64 // survives a write to CR3
	Large  [tlbWords]uint64 // fragment of a larger page
}

// TLBEntry is the translation of one page.
type TLBEntry struct {
	Tag uint64 // address of the page, and in the low 12 bits the context (PCID) that it belongs to; meaningful if valid
	PTE uint64 // frame address, permissions of all levels combined, and the bits below
}

// Bits of TLBEntry.PTE. The first group stands where page-table entries have it.
const (
	pteP      uint64 = 1 << 0
	pteW      uint64 = 1 << 1
	pteU      uint64 = 1 << 2
	pteA      uint64 = 1 << 5
	pteD      uint64 = 1 << 6
	ptePS     uint64 = 1 << 7
	pteG      uint64 = 1 << 8
	pteNX     uint64 = 1 << 63
	pteAddr   uint64 = physMask &^ 0xfff
	tlbSize2M uint64 = 1 << 9
	tlbSize1G uint64 = 1 << 10
	tlbSize4M uint64 = 1 << 11
	tlbLarge         = tlbSize2M | tlbSize1G | tlbSize4M
)

// tlbSize is the mark of a fragment of a page of so many bytes.
func tlbSize(page uint64) uint64 {
	switch page {
	case 1 << 21:
		return tlbSize2M
	case 1 << 22:
		return tlbSize4M
	case 1 << 30:
		return tlbSize1G
	}
	return 0
}

// pageSize is the size of the page that the entry is a part of.
func (e *TLBEntry) pageSize() uint64 {
	switch {
	case e.PTE&tlbSize1G != 0:
		return 1 << 30
	case e.PTE&tlbSize4M != 0:
		return 1 << 22
	case e.PTE&tlbSize2M != 0:
		return 1 << 21
	}
	return 1 << 12
}

// in tells whether the entry belongs to a context alone.
func (e *TLBEntry) in(pcid uint64) bool { return e.PTE&pteG == 0 && e.Tag&0xfff == pcid }

// tlbIndex is the place that va competes for among host pointers, of which there are
// as many as entries, and whose lower bits are the number of the set. Bits of the upper
// table indexes are mixed in, so that text, stacks, direct map and guest that all begin
// at round addresses do not collide.
func tlbIndex(va uint64) uint64 { return (va>>12 ^ va>>35) & (tlbEntries - 1) }

// tlbSet is the first entry of the set of va.
func tlbSet(va uint64) uint64 { return tlbIndex(va) % tlbSets * tlbWays }

// find returns the number of the entry of va in a context. Global ones serve all contexts.
func (t *TLB) find(va, pcid uint64) (i uint64, ok bool) {
	first := tlbSet(va)
	for i := first; i < first+tlbWays; i++ {
		if e := &t.Entry[i]; e.PTE != 0 && (e.Tag^va)&^0xfff == 0 && (e.Tag&0xfff == pcid || e.PTE&pteG != 0) {
			return i, true
		}
	}
	return 0, false
}

// lookup returns the entry of va in a context, or nil.
func (t *TLB) lookup(va, pcid uint64) *TLBEntry {
	if i, ok := t.find(va, pcid); ok {
		return &t.Entry[i]
	}
	return nil
}

// place returns the number of the entry in which a translation goes: its own, an
// unused one, or the oldest.
func (t *TLB) place(va, pcid uint64) uint64 {
	if i, ok := t.find(va, pcid); ok {
		return i
	}
	first := tlbSet(va)
	for i := first; i < first+tlbWays; i++ {
		if t.Entry[i].PTE == 0 {
			return i
		}
	}
	next := &t.Oldest[first/tlbWays]
	i := first + uint64(*next)
	*next = (*next + 1) % tlbWays
	return i
}

// insert puts a translation in entry i.
func (t *TLB) insert(i, va, pcid, pte uint64) {
	t.Entry[i] = TLBEntry{va&^0xfff | pcid, pte}
	w, b := i>>6, uint64(1)<<(i&63)
	t.Valid[w] |= b
	t.Global[w] &^= b
	t.Large[w] &^= b
	if pte&pteG != 0 {
		t.Global[w] |= b
	}
	if pte&tlbLarge != 0 {
		t.Large[w] |= b
	}
}

// remove empties entry i.
func (t *TLB) remove(i uint64) {
	w, b := i>>6, uint64(1)<<(i&63)
	t.Entry[i] = TLBEntry{}
	t.Valid[w] &^= b
	t.Global[w] &^= b
	t.Large[w] &^= b
}

// Hash adds the valid entries to h.
func (t *TLB) Hash(h *sim.Hasher) {
	for w, set := range t.Valid {
		h.Uint64(set)
		for ; set != 0; set &= set - 1 {
			e := &t.Entry[w<<6+bits.TrailingZeros64(set)]
			h.Uint64(e.Tag)
			h.Uint64(e.PTE)
		}
	}
	h.Bytes(t.Oldest[:])
}

// flushTLB drops the entries that are not global, or all, of every context.
func (c *CPU) flushTLB(all bool) {
	t := &c.TLB
	for w := range t.Valid {
		set := t.Valid[w]
		if !all {
			set &^= t.Global[w]
		}
		for ; set != 0; set &= set - 1 {
			c.dropTLB(uint64(w<<6 + bits.TrailingZeros64(set)))
		}
	}
}

// flushContext drops the entries of a context that are not global.
func (c *CPU) flushContext(pcid uint64) {
	t := &c.TLB
	for w := range t.Valid {
		for set := t.Valid[w]; set != 0; set &= set - 1 {
			if i := uint64(w<<6 + bits.TrailingZeros64(set)); t.Entry[i].in(pcid) {
				c.dropTLB(i)
			}
		}
	}
}

// invalidatePage is INVLPG: it drops what translates va in the present context,
// global or not, the fragments of its large page included (APM vol. 2, 5.5.2).
func (c *CPU) invalidatePage(va uint64) {
	pcid := c.pcid()
	c.dropPage(va, func(e *TLBEntry) bool { return e.PTE&pteG != 0 || e.in(pcid) })
}

// invalidateIn drops what translates va in a context alone.
func (c *CPU) invalidateIn(va, pcid uint64) {
	c.dropPage(va, func(e *TLBEntry) bool { return e.in(pcid) })
}

func (c *CPU) dropPage(va uint64, which func(*TLBEntry) bool) {
	t := &c.TLB
	first := tlbSet(va)
	for i := first; i < first+tlbWays; i++ {
		if e := &t.Entry[i]; e.PTE != 0 && (e.Tag^va)&^0xfff == 0 && which(e) {
			t.remove(i)
		}
	}
	c.dropHost(tlbIndex(va))
	for w := range t.Large {
		for set := t.Large[w]; set != 0; set &= set - 1 {
			i := uint64(w<<6 + bits.TrailingZeros64(set))
			if e := &t.Entry[i]; (e.Tag^va)&^(e.pageSize()-1) == 0 && which(e) {
				c.dropTLB(i)
			}
		}
	}
}

// dropTLB empties an entry and what was remembered of it.
func (c *CPU) dropTLB(i uint64) {
	if e := c.TLB.Entry[i]; e.PTE != 0 {
		c.TLB.remove(i)
		c.dropHost(tlbIndex(e.Tag))
	}
}

// pcid is the present context: 0 without CR4.PCIDE (APM vol. 2, 5.5.1).
func (c *CPU) pcid() uint64 {
	if c.CR4&CR4PCIDE == 0 {
		return 0
	}
	return c.CR3 & 0xfff
}

// hostEntry caches the host address of a page for one access mode. A tag is the
// virtual address of the page for which that kind of access needs no check at
// all; zero is no tag, except in slot 0, which uses noTag0.
//
// A tag implies a TLB entry that allows the access (and is dirty, for writes),
// so that a hit changes no state. Whatever changes the TLB entry, or what it
// allows, drops the host entry; whatever moves the page changes mem.Gen.
type hostEntry struct {
	rtag, wtag, xtag uint64
	page             *mem.Page
}

// noTag0 is an address that never indexes slot 0.
const noTag0 = 1 << 12

// hostSlot holds the entries of the access modes, see accessMode.
type hostSlot [4]hostEntry

// system is the part of CPU that is neither state nor wiring.
type system struct {
	host    [tlbEntries]hostSlot
	codes   [tlbEntries][4]codeSlot
	hostUse [tlbWords]uint64 // slots in use
	// hostGen is the mem.Gen that host belongs to; 0, which no Memory has, unless
	// hostable: then every access takes the long way.
	hostGen uint64

	hits          uint64       // breakpoints that the current instruction hit, as bits of DR6
	moves         uint64       // counts what may end the use of a code page, or ask for an interrupt
	longWay       uint64       // see LongWay
	lazy          lazyFlags    // of the dispatcher
	atOnce        bool         // the block engine is at work: see repeatAtOnce
	repIterations uint64       // see RepIterations
	decoded       *decodeCache // of what is not in blocks
	regs          registers    // of the dispatcher
	part          []uop        // of a block, see within
	scratch       Inst         // what does not come from decoded
}

// dropHost empties one slot.
func (c *CPU) dropHost(i uint64) {
	w, b := i>>6, uint64(1)<<(i&63)
	if c.hostUse[w]&b == 0 {
		return
	}
	c.hostUse[w] &^= b
	c.host[i] = hostSlot{}
	if i == 0 {
		c.host[0] = emptySlot0()
	}
	for m := range c.codes[i] {
		if c.codes[i][m].code != nil {
			c.codes[i] = emptyCode(i)
			c.moves++
			break
		}
	}
}

// noHost admits no address.
var noHost = hostEntry{rtag: 1 << 63, wtag: 1 << 63, xtag: 1 << 63}

func emptySlot0() (s hostSlot) {
	for m := range s {
		s[m] = hostEntry{rtag: noTag0, wtag: noTag0, xtag: noTag0}
	}
	return s
}

// Resync drops every host pointer. Host code that edits control registers, CS,
// EFER, DR7 or the TLB in State calls it; other registers need nothing.
func (c *CPU) Resync() {
	for w := range c.hostUse {
		for set := c.hostUse[w]; set != 0; set &= set - 1 {
			i := w<<6 + bits.TrailingZeros64(set)
			c.host[i], c.codes[i] = hostSlot{}, [4]codeSlot{}
		}
		c.hostUse[w] = 0
	}
	c.host[0], c.codes[0] = emptySlot0(), emptyCode(0)
	c.moves++
	c.hostGen = 0
	if c.hostable() {
		c.hostGen = c.Mem.Gen()
	}
}

// hostable tells whether accesses may go by host pointers at all: segments are
// flat and no breakpoint has to see them.
func (c *CPU) hostable() bool { return (c.mode64() || c.flat32()) && !c.armed() }

// flat32 tells whether 32-bit code executes with code, stack and data segments
// that cover all addresses, so that accesses need no check of a segment, and
// with a stack pointer of 32 bits.
func (c *CPU) flat32() bool {
	const kind, data = attrP | attrS | attrCode | attrDown | attrWritable, attrP | attrS | attrWritable
	if c.Seg[SS].Attr&attrD == 0 { // the stack pointer has 16 bits
		return false
	}
	if !c.protected() || c.Seg[CS].Attr&(attrP|attrS|attrCode|attrD) != attrP|attrS|attrCode|attrD {
		return false
	}
	for n := range DS + 1 {
		s := &c.Seg[n]
		if s.Base != 0 || s.Limit != 0xffffffff || n != CS && s.Attr&kind != data {
			return false
		}
	}
	return true
}

// resegment follows a change of segment registers.
func (c *CPU) resegment() {
	if c.hostable() != (c.hostGen != 0) {
		c.Resync()
	}
}

// accessMode numbers what decides about user pages besides the page itself:
// bit 1 is CPL 3, bit 0 is RFLAGS.AC (SMAP override, alignment checks).
func (c *CPU) accessMode() uint8 {
	return (c.CPL+1)>>1&2 | uint8(c.RFLAGS>>18)&1
}

// modeSystem is the access mode of descriptor-table and TSS accesses, which are
// the supervisor's whatever CPL is.
const modeSystem = 0

// keepHost remembers the host page of va, just obtained from Mem, for accesses
// of kind acc in mode.
func (c *CPU) keepHost(va uint64, p *mem.Page, acc access, mode uint8) {
	if !c.hostable() {
		return
	}
	if c.hostGen != c.Mem.Gen() {
		c.Resync()
	}
	i := tlbIndex(va)
	e, tag := &c.host[i][mode], va&^0xfff
	c.hostUse[i>>6] |= 1 << (i & 63)
	if e.page != p || (e.rtag != tag && e.wtag != tag && e.xtag != tag) {
		*e = hostEntry{page: p}
		if s := &c.codes[i][mode]; s.code != nil {
			*s = emptyCode(i)[mode]
			c.moves++
		}
		if i == 0 {
			e.rtag, e.wtag, e.xtag = noTag0, noTag0, noTag0
		}
	}
	switch acc {
	case accRead:
		e.rtag = tag
	case accWrite:
		e.rtag, e.wtag = tag, tag
	case accFetch:
		e.xtag = tag
	}
}
