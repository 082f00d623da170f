package cpu

// linear returns the linear address of size bytes at offset off of a segment,
// or raises #GP or #SS. In 64-bit mode only FS and GS have a base, and what is
// checked is canonical form (APM vol. 2, 4.5.3, 4.12).
func (c *CPU) linear(seg uint8, off uint64, size int, acc access) (uint64, bool) {
	if c.mode64() {
		va := off
		if seg >= FS {
			va += c.Seg[seg].Base
		}
		if canonical(va) && canonical(va+uint64(size)-1) {
			return va, true
		}
		return 0, c.raiseSegment(seg)
	}
	s := &c.Seg[seg]
	off &= 0xffffffff
	if !withinLimit(s, off, uint64(size)) || c.protected() && !segmentAllows(s, acc) {
		return 0, c.raiseSegment(seg)
	}
	return (s.Base + off) & 0xffffffff, true
}

// withinLimit checks size bytes at off against an expand-up or expand-down limit.
func withinLimit(s *Segment, off, size uint64) bool {
	last := off + size - 1
	if s.Attr&(attrCode|attrDown) == attrDown {
		top := uint64(0xffff)
		if s.Attr&attrD != 0 {
			top = 0xffffffff
		}
		return off > uint64(s.Limit) && last <= top
	}
	return last <= uint64(s.Limit)
}

// segmentAllows checks the access against the type of a protected-mode segment.
func segmentAllows(s *Segment, acc access) bool {
	if s.Attr&attrP == 0 || s.Attr&attrS == 0 {
		return false // a null selector was loaded
	}
	code := s.Attr&attrCode != 0
	switch acc {
	case accWrite:
		return !code && s.Attr&attrWritable != 0
	case accRead:
		return !code || s.Attr&attrReadable != 0
	}
	return true
}

// raiseSegment raises the fault of a bad address in seg and returns false.
func (c *CPU) raiseSegment(seg uint8) bool {
	if seg == SS {
		c.raiseErr(VecSS, 0)
	} else {
		c.raiseErr(VecGP, 0)
	}
	return false
}
