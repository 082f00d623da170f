package cpu

// newStack is a stack outside long mode that is being filled before the processor
// switches to it.
type newStack struct {
	ss   Segment
	sp   uint64 // as wide as ESP
	mode uint8  // of the accesses, see accessMode
	err  uint32 // error code of #SS when there is no room
}

// push stores words of size bytes downwards. Memory below the old stack pointer
// may have changed when it fails.
func (f *newStack) push(c *CPU, size uint8, words ...uint64) bool {
	m := f.ss.stackMask()
	for _, w := range words {
		at := (f.sp - uint64(size)) & m
		if !withinLimit(&f.ss, at, uint64(size)) {
			c.raiseErr(VecSS, f.err)
			return false
		}
		if !c.storeVA((f.ss.Base+at)&0xffffffff, int(size), w&mask(size), f.mode) {
			return false
		}
		f.sp = f.sp&^m | at
	}
	return true
}

// handlerStack is the stack of a handler or gate at privilege level cpl: the
// present one, or that of the TSS for an inner level (APM vol. 2, 8.7.3, 12.2.3).
func (c *CPU) handlerStack(cpl uint8, ext uint32) (f newStack, ok bool) {
	if cpl == c.CPL {
		return newStack{c.Seg[SS], c.GPR[RSP], c.accessMode(), ext}, true
	}
	off, size := 2+4*uint64(cpl), uint64(2)
	if c.TR.Attr&type32 != 0 {
		off, size = 4+8*uint64(cpl), 4
	}
	if c.TR.Attr&attrP == 0 || off+size+1 > uint64(c.TR.Limit) {
		c.raiseErr(VecTS, uint32(c.TR.Sel&^3)|ext)
		return f, false
	}
	sp, ok := c.sysLoad(c.TR.Base+off, int(size))
	if !ok {
		return f, false
	}
	sel, ok := c.sysLoad(c.TR.Base+off+size, 2)
	if !ok {
		return f, false
	}
	ss, ok := c.readDataSegment(SS, uint16(sel), cpl, VecTS, ext)
	if !ok {
		return f, false
	}
	m := ss.stackMask()
	sp = c.GPR[RSP]&0xffffffff&^m | sp&m
	mode := (cpl+1)>>1&2 | uint8(c.RFLAGS>>18)&1
	return newStack{ss, sp, mode, uint32(sel&^3) | ext}, true
}

// enterLegacy delivers in protected mode, also from virtual-8086 mode
// (APM vol. 2, 8.7; Intel SDM vol. 3, 6.12).
func (c *CPU) enterLegacy(e *event) bool {
	g, ok := c.readGate(e, 8)
	if !ok {
		return false
	}
	if g.kind == typeTaskGate {
		return c.enterTask(e, &g)
	}
	cs, cpl, ok := c.handlerSegment(g.sel, e.ext())
	if !ok {
		return false
	}
	virtual := c.v86()
	if virtual && cpl != 0 {
		c.raiseErr(VecGP, uint32(g.sel&^3)|e.ext())
		return false
	}
	f, ok := c.handlerStack(cpl, e.ext())
	if !ok {
		return false
	}
	size := g.size()
	sel := func(n int) uint64 { return uint64(c.Seg[n].Sel) }
	if virtual && !f.push(c, size, sel(GS), sel(FS), sel(DS), sel(ES)) {
		return false
	}
	if cpl != c.CPL && !f.push(c, size, sel(SS), c.GPR[RSP]) {
		return false
	}
	if !f.push(c, size, c.savedFlags(e), sel(CS), e.ret) || e.hasErr && !f.push(c, size, uint64(e.err)) {
		return false
	}
	if g.offset > uint64(cs.Limit) {
		c.raiseErr(VecGP, e.ext())
		return false
	}
	if virtual {
		for _, n := range [4]uint8{ES, DS, FS, GS} {
			c.Seg[n] = Segment{}
		}
	}
	c.Seg[SS], c.GPR[RSP] = f.ss, f.sp
	c.RFLAGS &^= FlagTF | FlagNT | FlagRF | FlagVM
	c.finishEnter(g.kind, cs, cpl, g.offset)
	return true
}

// savedFlags is RFLAGS as a handler finds them: faults set RF, so that a
// breakpoint does not stop the instruction twice.
func (c *CPU) savedFlags(e *event) uint64 {
	if e.kind == eventFault {
		return c.RFLAGS | FlagRF
	}
	return c.RFLAGS
}

// size is the size in bytes of each word that a gate pushes.
func (g *gate) size() uint8 {
	if g.kind&type32 != 0 {
		return 4
	}
	return 2
}
