package cpu

// execSegment executes the moves to and from segment registers.
func (c *CPU) execSegment(i *Inst) {
	switch i.Op {
	case OpPUSHSEG:
		c.push(i.Size, uint64(c.Seg[i.Sub].Sel))
	case OpPOPSEG:
		v, ok := c.top(0, i.Size)
		m := c.stackMask() // of the stack from which the value is popped: after POP SS it is another
		if !ok || !c.loadSeg(i.Sub, uint16(v)) {
			return
		}
		c.moveSPWithin(m, uint64(i.Size))
		c.IntShadow = c.IntShadow || i.Sub == SS
	case OpMOVFROMSEG:
		c.storeSelector(i, uint64(c.Seg[i.Reg].Sel))
	case OpMOVTOSEG:
		v, ok := c.readRMSize(i, 2)
		if !ok || !c.loadSeg(i.Reg, uint16(v)) {
			return
		}
		c.IntShadow = c.IntShadow || i.Reg == SS
	case OpLOADFAR:
		a := c.address(i)
		off, ok := c.loadN(i.Seg, a, int(i.Size))
		if !ok {
			return
		}
		sel, ok := c.loadN(i.Seg, a+uint64(i.Size), 2)
		if ok && c.loadSeg(i.Sub, uint16(sel)) {
			c.setReg(i.Reg, i.Size, i.Prefix, off)
		}
	}
}

// storeSelector writes v as SLDT and its like do: 16 bits to memory, or the
// whole operand to a register.
func (c *CPU) storeSelector(i *Inst, v uint64) {
	if i.Prefix&PrefixMem != 0 {
		c.storeN(i.Seg, c.address(i), 2, v&0xffff)
		return
	}
	c.setReg(i.RM, i.Size, i.Prefix, v)
}

// execSelector executes instructions on selectors and descriptors other than
// loads of the six segment registers. They do not exist in real and
// virtual-8086 mode.
func (c *CPU) execSelector(i *Inst) {
	if !c.protected() {
		c.raise(VecUD)
		return
	}
	switch i.Op {
	case OpSLDT, OpSTR:
		s := &c.LDTR
		if i.Op == OpSTR {
			s = &c.TR
		}
		if !c.hidden() {
			c.storeSelector(i, uint64(s.Sel))
		}
	case OpLLDT, OpLTR:
		c.loadTask(i)
	case OpARPL:
		c.execARPL(i)
	default:
		c.inspect(i)
	}
}

// loadTask executes LLDT and LTR.
func (c *CPU) loadTask(i *Inst) {
	if c.CPL != 0 {
		c.generalProtection()
		return
	}
	v, ok := c.readRMSize(i, 2)
	if !ok {
		return
	}
	sel := uint16(v)
	if sel&^3 == 0 {
		if i.Op == OpLTR {
			c.generalProtection()
			return
		}
		c.LDTR.Sel, c.LDTR.Attr = sel, 0
		return
	}
	if i.Op == OpLLDT {
		if s, _, ok := c.loadSystemSegment(sel, 1<<typeLDT); ok {
			c.LDTR = s
		}
		return
	}
	kinds := uint32(1 << typeTSS)
	if !c.longActive() {
		kinds |= 1 << typeTSS16
	}
	s, at, ok := c.loadSystemSegment(sel, kinds)
	if !ok {
		return
	}
	s.Attr |= typeBusy
	if c.sysStore(at+5, 1, uint64(s.Attr&0xff)) {
		c.TR = s
	}
}

// execARPL raises the RPL of a selector to another's.
func (c *CPU) execARPL(i *Inst) {
	v, ok := c.readForWriteSize(i, 2)
	if !ok {
		return
	}
	rpl := c.GPR[i.Reg] & 3
	if v&3 >= rpl {
		c.RFLAGS &^= FlagZF
		return
	}
	if i.Prefix&PrefixMem != 0 {
		c.storeN(i.Seg, c.address(i), 2, v&^3|rpl)
	} else {
		c.setReg(i.RM, 2, i.Prefix, v&^3|rpl)
	}
	c.RFLAGS |= FlagZF
}

func (c *CPU) readForWriteSize(i *Inst, size uint8) (uint64, bool) {
	if i.Prefix&PrefixMem != 0 {
		return c.rmwN(i.Seg, c.address(i), int(size))
	}
	return c.reg(i.RM, size, i.Prefix), true
}

// inspect executes LAR, LSL, VERR and VERW: ZF tells whether the selector names
// a descriptor that the program may see (APM vol. 3).
func (c *CPU) inspect(i *Inst) {
	v, ok := c.readRMSize(i, 2)
	if !ok {
		return
	}
	sel := uint16(v)
	at, found := c.descriptorAt(sel)
	if sel&^3 == 0 || !found {
		c.RFLAGS &^= FlagZF
		return
	}
	raw, ok := c.sysLoad(at, 8)
	if !ok {
		return
	}
	s := segmentOf(sel, raw)
	if !c.visible(i.Op, &s) {
		c.RFLAGS &^= FlagZF
		return
	}
	c.RFLAGS |= FlagZF
	switch i.Op {
	case OpLAR:
		c.setReg(i.Reg, i.Size, i.Prefix, raw>>32&0xffff00)
	case OpLSL:
		c.setReg(i.Reg, i.Size, i.Prefix, uint64(s.Limit))
	}
}

// visible decides that for inspect.
func (c *CPU) visible(op Op, s *Segment) bool {
	kind := s.Attr & attrType
	if s.Attr&attrS == 0 {
		long := kind == typeLDT || kind == typeTSS || kind == typeTSSBusy
		switch {
		case op == OpVERR || op == OpVERW:
			return false
		case !c.longActive():
			long = long || kind == 1 || kind == 3 || op == OpLAR && (kind == 4 || kind == 5)
		}
		if !long && !(op == OpLAR && kind == typeCallGate) {
			return false
		}
	}
	code := s.Attr&attrS != 0 && s.Attr&attrCode != 0
	switch {
	case op == OpVERR && code && s.Attr&attrReadable == 0,
		op == OpVERW && (code || s.Attr&attrWritable == 0):
		return false
	case code && s.Attr&attrConform != 0 && op != OpVERW:
		return true
	}
	return s.dpl() >= max(c.CPL, uint8(s.Sel&3))
}

// execTable executes SGDT, SIDT, LGDT and LIDT (APM vol. 2, 4.6.2).
func (c *CPU) execTable(i *Inst) {
	t := &c.GDTR
	if i.Op == OpSIDT || i.Op == OpLIDT {
		t = &c.IDTR
	}
	a, size := c.address(i), 4
	if c.mode64() {
		size = 8
	}
	if i.Op == OpSGDT || i.Op == OpSIDT {
		if !c.hidden() && c.probeWrite(i.Seg, a+2, size) && c.storeN(i.Seg, a, 2, uint64(t.Limit)) {
			c.storeN(i.Seg, a+2, size, t.Base)
		}
		return
	}
	if c.CPL != 0 {
		c.generalProtection()
		return
	}
	limit, ok := c.loadN(i.Seg, a, 2)
	if !ok {
		return
	}
	base, ok := c.loadN(i.Seg, a+2, size)
	if !ok {
		return
	}
	if size == 4 && c.operand16(i) {
		base &= 0xffffff
	}
	if !canonical(base) {
		c.generalProtection()
		return
	}
	*t = Table{Base: base, Limit: uint16(limit)}
}

// operand16 tells whether the operand size is 16 bits.
func (c *CPU) operand16(i *Inst) bool {
	return (c.mode() == Mode16) != (i.Prefix&PrefixOpSize != 0)
}
