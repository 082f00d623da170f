package cpu

import "resvirt/hw/mem"

// A miss of the host pages that raises nothing need not leave the dispatcher:
// it does what the long way would do first, and the instruction begins again.

// refill makes the host page of size bytes at va known, with what a processor
// does on the way: it looks into the TLB, or walks the page tables, which takes
// time. Where anything else has to happen it returns false, and the long way,
// which finds the translation that refill may have left, does the rest.
func (c *CPU) refill(va, size uint64, acc access) bool {
	if !canonical(va) || va&0xfff > mem.PageSize-size || c.CR0&CR0PG == 0 || !c.hostable() {
		return false
	}
	mode, moves := c.accessMode(), c.moves
	var pte uint64
	if e := c.TLB.lookup(va, c.pcid()); e != nil && c.allows(e.PTE, acc, mode) && (acc != accWrite || e.PTE&pteD != 0) {
		pte = e.PTE
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
			return false // the write has to be seen, or vanishes
		}
		p = c.Mem.PageForWrite(pfn)
	case accFetch:
		if c.Mem.Watched(pfn) {
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

// fetched is code, with what fetching from a page for the first time does if that
// raises nothing.
func (c *CPU) fetched() *codeSlot {
	s := c.code(c.RIP)
	if s == nil {
		c.refill(c.RIP, 1, accFetch)
		s = c.code(c.RIP)
	}
	return s
}
