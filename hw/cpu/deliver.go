package cpu

import "resvirt/hw/mem"

// enterHandler goes through the gate of e and starts its handler. If that is impossible
// it raises the exception and returns false; then only memory below the new stack
// pointer has changed.
func (c *CPU) enterHandler(e *event) (ok bool) {
	was := c.Mem.Because(mem.Delivery)
	switch {
	case c.longActive():
		ok = c.enterLong(e)
	case c.CR0&CR0PE != 0:
		ok = c.enterLegacy(e)
	default:
		ok = c.enterReal(e)
	}
	c.Mem.Because(was)
	return ok
}

// gate is an interrupt or call gate, decoded.
type gate struct {
	sel    uint16
	ist    uint8
	kind   uint8 // type field
	dpl    uint8
	params uint8
	p      bool
	offset uint64
}

func decodeGate(lo, hi uint64) gate {
	return gate{
		sel:    uint16(lo >> 16),
		ist:    uint8(lo>>32) & 7,
		params: uint8(lo>>32) & 31,
		kind:   uint8(lo>>40) & 0x1f,
		dpl:    uint8(lo>>45) & 3,
		p:      lo>>47&1 != 0,
		offset: lo&0xffff | lo>>32&0xffff0000 | hi<<32,
	}
}

// readGate reads and checks the gate of e (APM vol. 2, 8.9.1); size is 16 or 8 bytes.
func (c *CPU) readGate(e *event, size uint64) (g gate, ok bool) {
	at := uint64(e.vector) * size
	if at+size-1 > uint64(c.IDTR.Limit) {
		c.raiseErr(VecGP, e.gateErr())
		return g, false
	}
	lo, ok := c.sysLoad(c.IDTR.Base+at, 8)
	if !ok {
		return g, false
	}
	var hi uint64
	if size == 16 {
		if hi, ok = c.sysLoad(c.IDTR.Base+at+8, 8); !ok {
			return g, false
		}
	}
	g = decodeGate(lo, hi)
	if g.kind&type32 == 0 {
		g.offset &= 0xffff
	}
	legacy := size == 8 && (g.kind|1 == 0x7 || g.kind == typeTaskGate)
	switch {
	case g.kind|1 != typeTrapGate && !legacy,
		e.kind == eventSoft && g.dpl < c.CPL:
		c.raiseErr(VecGP, e.gateErr())
		return g, false
	case !g.p:
		c.raiseErr(VecNP, e.gateErr())
		return g, false
	}
	return g, true
}

// handlerSegment reads and checks the code segment of a gate and returns the
// privilege level at which the handler runs.
func (c *CPU) handlerSegment(sel uint16, ext uint32) (s Segment, cpl uint8, ok bool) {
	if sel&^3 == 0 {
		c.raiseErr(VecGP, ext)
		return s, 0, false
	}
	err := uint32(sel&^3) | ext
	raw, at, ok := c.descriptor(sel, VecGP, err)
	if !ok {
		return s, 0, false
	}
	s = segmentOf(sel, raw)
	switch {
	case s.Attr&(attrS|attrCode) != attrS|attrCode, s.dpl() > c.CPL,
		c.longActive() && s.Attr&(attrL|attrD) != attrL:
		c.raiseErr(VecGP, err)
		return s, 0, false
	case s.Attr&attrP == 0:
		c.raiseErr(VecNP, err)
		return s, 0, false
	}
	cpl = c.CPL
	if s.Attr&attrConform == 0 {
		cpl = s.dpl()
	}
	s.Sel = sel&^3 | uint16(cpl)
	return s, cpl, c.markAccessed(at, &s)
}

// enterLong delivers in long mode (APM vol. 2, 8.9).
func (c *CPU) enterLong(e *event) bool {
	g, ok := c.readGate(e, 16)
	if !ok {
		return false
	}
	cs, cpl, ok := c.handlerSegment(g.sel, e.ext())
	if !ok {
		return false
	}
	sp := c.GPR[RSP]
	switch {
	case g.ist != 0:
		sp, ok = c.tssStack(0x24+8*uint64(g.ist)-8, e.ext())
	case cpl != c.CPL:
		sp, ok = c.tssStack(4+8*uint64(cpl), e.ext())
	}
	if !ok {
		return false
	}
	sp &^= 15
	words := [6]uint64{uint64(c.Seg[SS].Sel), c.GPR[RSP], c.savedFlags(e), uint64(c.Seg[CS].Sel), e.ret, uint64(e.err)}
	n := 5
	if e.hasErr {
		n = 6
	}
	if sp, ok = c.pushWords(sp, words[:n], cpl, e.ext()); !ok {
		return false
	}
	if !canonical(g.offset) {
		c.raiseErr(VecGP, e.ext())
		return false
	}
	if cpl != c.CPL {
		c.Seg[SS] = Segment{Sel: uint16(cpl)}
	}
	c.GPR[RSP] = sp
	c.RFLAGS &^= FlagTF | FlagNT | FlagRF | FlagVM
	c.finishEnter(g.kind, cs, cpl, g.offset)
	return true
}

// finishEnter switches to the handler.
func (c *CPU) finishEnter(kind uint8, cs Segment, cpl uint8, rip uint64) {
	if kind&1 == 0 {
		c.RFLAGS &^= FlagIF
	}
	c.CPL = cpl
	c.setCS(cs)
	c.RIP, c.next = rip, rip
	c.IntShadow = false
}

// tssStack reads a stack pointer at offset off of the 64-bit TSS (APM vol. 2, 12.2.5).
func (c *CPU) tssStack(off uint64, ext uint32) (uint64, bool) {
	if off+7 > uint64(c.TR.Limit) || c.TR.Attr&attrP == 0 {
		c.raiseErr(VecTS, uint32(c.TR.Sel&^3)|ext)
		return 0, false
	}
	return c.sysLoad(c.TR.Base+off, 8)
}

// pushWords stores 8-byte words downwards from sp with the rights of cpl and
// returns the new stack pointer. Bad stack addresses raise #SS.
func (c *CPU) pushWords(sp uint64, words []uint64, cpl uint8, ext uint32) (uint64, bool) {
	low := sp - 8*uint64(len(words))
	if !canonical(sp-1) || !canonical(low) {
		c.raiseErr(VecSS, ext)
		return 0, false
	}
	mode := (cpl+1)>>1&2 | uint8(c.RFLAGS>>18)&1
	for _, w := range words {
		sp -= 8
		if !c.storeVA(sp, 8, w, mode) {
			return 0, false
		}
	}
	return sp, true
}

// enterReal delivers in real mode: a far call through the vector table.
func (c *CPU) enterReal(e *event) bool {
	at := uint64(e.vector) * 4
	if at+3 > uint64(c.IDTR.Limit) {
		c.raise(VecGP)
		return false
	}
	v, ok := c.sysLoad(c.IDTR.Base+at, 4)
	if !ok {
		return false
	}
	f := newStack{c.Seg[SS], c.GPR[RSP], c.accessMode(), 0}
	if !f.push(c, 2, c.RFLAGS, uint64(c.Seg[CS].Sel), e.ret) {
		return false
	}
	c.GPR[RSP] = f.sp
	cs := c.Seg[CS]
	cs.Sel = uint16(v >> 16)
	cs.Base = uint64(cs.Sel) << 4
	c.RFLAGS &^= FlagTF | FlagRF | FlagAC
	c.finishEnter(typeIntGate, cs, c.CPL, v&0xffff)
	return true
}
