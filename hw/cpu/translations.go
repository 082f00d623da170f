package cpu

import "math/bits"

// Translation is how addresses of a page are translated: by an entry of the TLB, or by the page
// tables. It is the host's view.
type Translation struct {
	VA, PA                            uint64 // of the page of 4 KiB
	Size                              uint64 // of the page that this is a part of
	PCID                              uint16 // of an entry that is not global; 0 unless CR4.PCIDE
	Global, Writable, User, NoExecute bool
	Dirty                             bool
}

// SameAs tells whether two translations lead to the same place with the same rights.
func (t Translation) SameAs(o Translation) bool {
	return t.PA == o.PA && t.Writable == o.Writable && t.User == o.User && t.NoExecute == o.NoExecute
}

// translationOf decodes an entry as the TLB has them.
func translationOf(e TLBEntry) Translation {
	t := Translation{
		VA: e.Tag &^ 0xfff, PA: e.PTE & pteAddr, Size: e.pageSize(), Global: e.PTE&pteG != 0, Writable: e.PTE&pteW != 0,
		User: e.PTE&pteU != 0, NoExecute: e.PTE&pteNX != 0, Dirty: e.PTE&pteD != 0,
	}
	if !t.Global {
		t.PCID = uint16(e.Tag & 0xfff)
	}
	return t
}

// Translations lists what the TLB holds, in its order.
func (c *CPU) Translations() []Translation {
	var list []Translation
	for w, set := range c.TLB.Valid {
		for ; set != 0; set &= set - 1 {
			list = append(list, translationOf(c.TLB.Entry[w<<6+bits.TrailingZeros64(set)]))
		}
	}
	return list
}

// Mapping is what the page tables that CR3 names make of an address now; ok is false if they map
// nothing there, or paging is off. Nothing changes.
func (c *CPU) Mapping(va uint64) (t Translation, ok bool) {
	if c.CR0&CR0PG == 0 || c.longActive() && !canonical(va) {
		return t, false
	}
	if !c.longActive() {
		va &= 0xffffffff
	}
	perm := pteW | pteU
	w, ok := c.startWalk(va)
	for ok {
		_, e := w.read(c, va)
		if e&pteP == 0 || e&w.reserved(c, e) != 0 {
			return t, false
		}
		perm = perm&(e|^(pteW|pteU)) | e&pteNX
		if w.leaf(c, e) {
			pte := perm | e&pteD | tlbSize(w.pageSize(c)) | w.pageAddr(c, e) | va&(w.pageSize(c)-1)&^0xfff
			if c.CR4&CR4PGE != 0 {
				pte |= e & pteG
			}
			return translationOf(TLBEntry{va &^ 0xfff, pte}), true
		}
		w = tableWalk{e & pteAddr, w.level - 1}
	}
	return t, false
}

// Context is the present process-context identifier: entries of others that are not global are
// not used now.
func (c *CPU) Context() uint16 { return uint16(c.pcid()) }
