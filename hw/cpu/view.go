package cpu

// Translate returns the physical address that the page tables give va now. It
// is the host's view: no rights are checked and nothing changes, the TLB included.
func (c *CPU) Translate(va uint64) (pa uint64, ok bool) {
	if c.CR0&CR0PG == 0 {
		return va & 0xffffffff, true
	}
	if !canonical(va) {
		return 0, false
	}
	table := c.CR3 & pteFrame
	for level := 3; ; level-- {
		e := c.readTable(table + va>>(12+9*level)&0x1ff<<3)
		if e&pteP == 0 || e&c.reservedBits(level, e) != 0 {
			return 0, false
		}
		if level == 0 || level < 3 && e&ptePS != 0 {
			span := uint64(1)<<(12+9*level) - 1
			return e&pteFrame&^span | va&span, true
		}
		table = e & pteFrame
	}
}
