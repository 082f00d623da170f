package cpu

// Translate returns the physical address that the page tables give va now. It
// is the host's view: no rights are checked and nothing changes, the TLB included.
func (c *CPU) Translate(va uint64) (pa uint64, ok bool) {
	if c.CR0&CR0PG == 0 {
		return va & 0xffffffff, true
	}
	if !c.longActive() {
		va &= 0xffffffff
	} else if !canonical(va) {
		return 0, false
	}
	w, ok := c.startWalk(va)
	for ok {
		_, e := w.read(c, va)
		switch {
		case e&pteP == 0 || e&w.reserved(c, e) != 0:
			return 0, false
		case w.leaf(c, e):
			return w.pageAddr(c, e) | va&(w.pageSize(c)-1), true
		}
		w = tableWalk{e & pteAddr, w.level - 1}
	}
	return 0, false
}

// SetMTRR writes one of the registers that give memory its types, by its MSR
// number, as firmware does before anything runs.
func (c *CPU) SetMTRR(n uint32, v uint64) {
	p := c.msr(n)
	if p == nil || n != msrMTRRDefType && mtrrIndex(n) < 0 {
		panic("BUG: cpu: no MTRR has this number")
	}
	*p = v
}
