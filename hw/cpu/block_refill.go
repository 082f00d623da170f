package cpu

import "resvirt/hw/mem"

// A miss of the host pages that raises no fault need not leave the dispatcher.
// The dispatcher does what the long way would do first, and the instruction
// begins again.

// refill finds the host page of size bytes at va as a processor does: it looks
// into the TLB, or walks the page tables, which takes time. If anything else
// has to happen it returns false, and the long way does the rest; it finds the
// translation that refill may have made.
func (c *CPU) refill(va, size uint64, acc access) bool {
	if !canonical(va) || va&0xfff > mem.PageSize-size || c.CR0&CR0PG == 0 || !c.hostable() {
		return false
	}
	mode, moves := c.accessMode(), c.moves
	var pte uint64
	if e := c.TLB.lookup(va, c.pcid()); e != nil && c.allows(e.PTE, acc, mode) && (acc != accWrite || e.PTE&pteD != 0) {
		pte = e.PTE
	} else if c.Mem.Heeded() != 0 {
		return false // the host wants to know at which instruction a watched table is accessed
	} else {
		var ok bool
		if pte, _, ok = c.resolve(va, acc, mode); !ok {
			return false
		}
	}
	pa := pte & pteAddr
	if c.isDevice(pa) {
		return false
	}
	var p *mem.Page
	switch pfn := pa >> 12; acc {
	case accRead:
		if c.Mem.Watched(pfn) {
			return false // the read has to be seen
		}
		p = c.Mem.PageForRead(pfn)
	case accWrite:
		if c.Mem.Guarded(pfn) {
			return false // the write has to be seen, or has no effect
		}
		p = c.Mem.PageForWrite(pfn)
	case accFetch:
		if c.Mem.WatchedFetch(pfn) {
			return false
		}
		p = c.Mem.PageForFetch(pfn)
	}
	c.keepHost(va, p, acc, mode)
	return c.moves == moves && c.hostGen == c.Mem.Gen()
}

// refillData is refill for an operand of the dispatcher: need is twice its size,
// and one more if it is written.
func (c *CPU) refillData(va, need uint64) bool {
	return c.refill(va, need>>1, access(need&1)) // accRead is 0, accWrite 1
}

// fetched is like code, but for a page that is not known yet it first does what a
// fetch does, unless that raises a fault.
func (c *CPU) fetched() *codeSlot {
	s := c.code(c.RIP)
	if s == nil {
		c.refill(c.RIP, 1, accFetch)
		s = c.code(c.RIP)
	}
	return s
}
