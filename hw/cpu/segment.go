package cpu

// sysLoad reads size bytes at a linear address as the processor itself does:
// with supervisor rights at any CPL and no SMAP override.
func (c *CPU) sysLoad(va uint64, size int) (uint64, bool) {
	if !c.longActive() {
		va &= 0xffffffff
	}
	return c.loadVA(va, size, modeSystem)
}

// sysStore is the store that belongs to sysLoad.
func (c *CPU) sysStore(va uint64, size int, v uint64) bool {
	if !c.longActive() {
		va &= 0xffffffff
	}
	return c.storeVA(va, size, v, modeSystem)
}

// descriptorAt returns the address of the 8-byte descriptor that sel names, or
// false if it lies outside its table.
func (c *CPU) descriptorAt(sel uint16) (uint64, bool) {
	base, limit := c.GDTR.Base, uint64(c.GDTR.Limit)
	if sel&4 != 0 {
		if c.LDTR.Attr&attrP == 0 {
			return 0, false
		}
		base, limit = c.LDTR.Base, uint64(c.LDTR.Limit)
	}
	off := uint64(sel &^ 7)
	return base + off, off+7 <= limit
}

// descriptor reads the descriptor of sel and its address; outside the table it
// raises vector with err.
func (c *CPU) descriptor(sel uint16, vector uint8, err uint32) (raw, at uint64, ok bool) {
	if at, ok = c.descriptorAt(sel); !ok {
		c.raiseErr(vector, err)
		return 0, 0, false
	}
	raw, ok = c.sysLoad(at, 8)
	return raw, at, ok
}

// segmentOf unpacks a descriptor (APM vol. 2, 4.7).
func segmentOf(sel uint16, raw uint64) Segment {
	s := Segment{
		Sel:   sel,
		Attr:  uint16(raw>>40)&0xff | uint16(raw>>52)&0xf<<8,
		Limit: uint32(raw&0xffff | raw>>32&0xf0000),
		Base:  raw>>16&0xffffff | raw>>32&0xff000000,
	}
	if s.Attr&attrG != 0 {
		s.Limit = s.Limit<<12 | 0xfff
	}
	return s
}

// markAccessed sets the accessed bit of a code or data descriptor in memory.
func (c *CPU) markAccessed(at uint64, s *Segment) bool {
	if s.Attr&attrAccessed != 0 {
		return true
	}
	s.Attr |= attrAccessed
	return c.sysStore(at+5, 1, uint64(s.Attr&0xff))
}

// setCS replaces the code segment; host pointers depend on its mode.
func (c *CPU) setCS(s Segment) {
	was := c.mode64()
	c.Seg[CS] = s
	if c.mode64() != was {
		c.Resync()
	}
	c.resegment()
}

// loadSeg loads a data or stack segment register (APM vol. 2, 4.8, 8.2.14).
func (c *CPU) loadSeg(n uint8, sel uint16) bool {
	if !c.protected() {
		c.Seg[n].Sel, c.Seg[n].Base = sel, uint64(sel)<<4
		return true
	}
	s, ok := c.readDataSegment(n, sel, c.CPL, VecGP, 0)
	if ok {
		c.Seg[n] = s
		c.resegment()
	}
	return ok
}

// readDataSegment reads and checks the descriptor for data or stack segment
// register n as code at cpl would use it; vector is what bad selectors raise,
// and ext the EXT bit of error codes.
func (c *CPU) readDataSegment(n uint8, sel uint16, cpl, vector uint8, ext uint32) (s Segment, ok bool) {
	rpl, err := uint8(sel&3), uint32(sel&^3)|ext
	if sel&^3 == 0 {
		if n == SS && (!c.mode64() || cpl == 3 || rpl != cpl) {
			c.raiseErr(vector, ext)
			return s, false
		}
		// AMD processors of this kind keep base and limit of FS and GS.
		s = c.Seg[n]
		s.Sel, s.Attr = sel, 0
		return s, true
	}
	raw, at, ok := c.descriptor(sel, vector, err)
	if !ok {
		return s, false
	}
	s = segmentOf(sel, raw)
	code := s.Attr&attrCode != 0
	var bad bool
	missing := VecNP
	if n == SS {
		bad = s.Attr&(attrS|attrCode|attrWritable) != attrS|attrWritable || rpl != cpl || s.dpl() != cpl
		missing = VecSS
	} else {
		bad = s.Attr&attrS == 0 || code && s.Attr&attrReadable == 0 ||
			s.Attr&(attrCode|attrConform) != attrCode|attrConform && max(rpl, cpl) > s.dpl()
	}
	if bad {
		c.raiseErr(vector, err)
		return s, false
	}
	if s.Attr&attrP == 0 {
		c.raiseErr(missing, err)
		return s, false
	}
	return s, c.markAccessed(at, &s)
}

// loadSystemSegment reads the descriptor of LLDT and LTR, 16 bytes long in long
// mode, and checks its type: kinds has a bit for each that will do (APM vol. 2, 4.8.3).
func (c *CPU) loadSystemSegment(sel uint16, kinds uint32) (s Segment, at uint64, ok bool) {
	err := uint32(sel &^ 3)
	if sel&4 != 0 {
		c.raiseErr(VecGP, err)
		return s, 0, false
	}
	raw, at, ok := c.descriptor(sel, VecGP, err)
	if !ok {
		return s, 0, false
	}
	s = segmentOf(sel, raw)
	var high uint64
	if c.longActive() {
		if uint64(sel&^7)+15 > uint64(c.GDTR.Limit) {
			c.raiseErr(VecGP, err)
			return s, 0, false
		}
		if high, ok = c.sysLoad(at+8, 8); !ok {
			return s, 0, false
		}
		s.Base |= high << 32
	}
	switch {
	case s.Attr&attrS != 0, kinds>>(s.Attr&attrType)&1 == 0, high>>40&0x1f != 0, !canonical(s.Base):
		c.raiseErr(VecGP, err)
	case s.Attr&attrP == 0:
		c.raiseErr(VecNP, err)
	default:
		return s, at, true
	}
	return s, 0, false
}

// dropOuter nulls the data segments that code at the new, outer CPL may not
// keep (APM vol. 3, IRET and RETF).
func (c *CPU) dropOuter() {
	for _, n := range [4]uint8{ES, DS, FS, GS} {
		s := &c.Seg[n]
		conforming := s.Attr&(attrCode|attrConform) == attrCode|attrConform
		if s.Attr&attrP != 0 && s.dpl() < c.CPL && !conforming {
			s.Sel, s.Attr = 0, 0
		}
	}
	c.resegment()
}
