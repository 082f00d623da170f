package cpu

import "resvirt/models"

// repeatAtOnce executes iterations of REP MOVS and REP STOS within the host
// pages that the next one would use, forward, and returns their number. It
// never executes the last one, and only iterations after which the stepper
// would go on at once. The result is the same as of single iterations.
func (c *CPU) repeatAtOnce(i *Inst) {
	if i.Op != OpMOVS && i.Op != OpSTOS || i.Addr < 4 || c.RFLAGS&FlagDF != 0 || c.hostGen != c.Mem.Gen() || c.alignCheck() {
		return
	}
	size, n := uint64(i.Size), c.reg(RCX, i.Addr, 0)-1
	to, di := c.slot(ES, c.reg(RDI, i.Addr, 0))
	d := di - to.wtag
	n = min(n, c.room(d, size))
	if cost := int64(c.costs()[models.RepIter]); cost > 0 {
		n = min(n, uint64(max(0, (c.Limit-c.Clock-1)/cost)))
	}
	if i.Op == OpSTOS {
		if n == 0 {
			return
		}
		p := to.page[d : d+n*size]
		for k := uint64(0); k < size; k++ {
			p[k] = byte(c.GPR[RAX] >> (8 * k))
		}
		for done := size; done < n*size; done *= 2 {
			copy(p[done:], p[:done])
		}
	} else {
		from, si := c.slot(i.Seg, c.reg(RSI, i.Addr, 0))
		s := si - from.rtag
		n = min(n, c.room(s, size))
		if n == 0 || from.page == to.page && d-s < n*size {
			return // each iteration may read what one before it has written
		}
		copy(to.page[d:d+n*size], from.page[s:s+n*size])
		c.setReg(RSI, i.Addr, 0, c.GPR[RSI]+n*size)
	}
	c.setReg(RDI, i.Addr, 0, c.GPR[RDI]+n*size)
	c.setReg(RCX, i.Addr, 0, c.GPR[RCX]-n)
	c.Clock += int64(n) * int64(c.costs()[models.RepIter])
	if c.tally != nil {
		c.tally.counts[models.RepIter] += n
	}
	c.repIterations += n
}

// room is the number of elements from offset d to the end of the page; 0 if d
// is beyond the page.
func (c *CPU) room(d, size uint64) uint64 {
	const page = 1 << 12
	if d >= page {
		return 0
	}
	return (page - d) / size
}
