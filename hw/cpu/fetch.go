package cpu

import "resvirt/hw/mem"

// fetchCode copies instruction bytes at RIP into buf, up to the end of the page
// at most, and returns how many. Zero means that the fetch faulted and the fault
// is raised. The decoder asks for the second page only if the instruction
// reaches it, so that only the pages that the instruction needs go through the
// TLB.
func (c *CPU) fetchCode(rip uint64, buf []byte) int {
	va, left, ok := c.codeLinear(rip)
	if !ok {
		return 0
	}
	d := va & 0xfff
	left = min(left, mem.PageSize-d, uint64(len(buf)))
	p, ok := c.fetchPage(va)
	if !ok {
		return 0
	}
	if p == nil { // no memory there: the bus does not answer
		for i := range buf[:left] {
			buf[i] = 0xff
		}
		return int(left)
	}
	return copy(buf[:left], p[d:])
}

// codeLinear returns the linear address of RIP and how many bytes of the
// segment follow, or raises #GP(0).
func (c *CPU) codeLinear(rip uint64) (va, left uint64, ok bool) {
	if c.mode64() {
		if !canonical(rip) {
			c.raiseErr(VecGP, 0)
			return 0, 0, false
		}
		return rip, mem.PageSize, true
	}
	s := &c.Seg[CS]
	rip &= 0xffffffff
	if rip > uint64(s.Limit) {
		c.raiseErr(VecGP, 0)
		return 0, 0, false
	}
	return (s.Base + rip) & 0xffffffff, uint64(s.Limit) - rip + 1, true
}

// fetchPage returns the host page of code at va; nil for what is not RAM.
func (c *CPU) fetchPage(va uint64) (*mem.Page, bool) {
	mode := c.accessMode()
	e := &c.host[tlbIndex(va)][mode]
	if va-e.xtag < mem.PageSize && c.hostGen == c.Mem.Gen() {
		return e.page, true
	}
	pa, ok := c.translate(va, accFetch, mode)
	if !ok || c.isDevice(pa) {
		return nil, ok
	}
	p := c.Mem.PageForFetch(pa >> 12)
	if !c.Mem.WatchedFetch(pa >> 12) { // otherwise the fetch must be seen
		c.keepHost(va, p, accFetch, mode)
	}
	return p, true
}

// noteFetch tells the host's watch of the bytes of an instruction at RIP, found
// without a trace.
func (c *CPU) noteFetch(n uint64) {
	va := c.RIP
	if !c.mode64() {
		va = (va + c.Seg[CS].Base) & 0xffffffff
	}
	for n > 0 {
		k := min(n, mem.PageSize-va&0xfff)
		if pa, ok := c.Translate(va); ok {
			c.Mem.NoteFetch(pa, k)
		}
		va, n = va+k, n-k
	}
}
