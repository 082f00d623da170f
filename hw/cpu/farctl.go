package cpu

// farTarget is where a far CALL or JMP goes, checked.
type farTarget struct {
	cs    Segment
	rip   uint64
	cpl   uint8
	inner bool // through a call gate to a more privileged level
	gate  bool
}

// execFar executes far CALL and JMP (APM vol. 2, 4.11; vol. 3, CALL far, JMP far).
func (c *CPU) execFar(i *Inst) {
	sel, off := i.Imm2, i.Imm&mask(i.Size)
	if i.Form != FormFar {
		a := c.address(i)
		var ok bool
		if off, ok = c.loadN(i.Seg, a, int(i.Size)); !ok {
			return
		}
		v, ok := c.loadN(i.Seg, a+uint64(i.Size), 2)
		if !ok {
			return
		}
		sel = uint16(v)
	}
	t := farTarget{cs: c.Seg[CS], rip: off, cpl: c.CPL}
	if !c.protected() {
		t.cs.Sel, t.cs.Base = sel, uint64(sel)<<4
		if off > uint64(t.cs.Limit) {
			c.generalProtection()
			return
		}
	} else if !c.farTarget(&t, sel, i.Op == OpCALLFAR) {
		return
	}
	if i.Op == OpCALLFAR {
		size := i.Size
		if t.gate {
			size = 8
		}
		if t.inner {
			if !c.callInner(&t) {
				return
			}
		} else if !c.pushFar(size) {
			return
		}
	}
	c.CPL = t.cpl
	c.setCS(t.cs)
	c.next = t.rip
}

// pushFar pushes CS and the return address.
func (c *CPU) pushFar(size uint8) bool {
	sp := c.GPR[RSP]
	if c.push(size, uint64(c.Seg[CS].Sel)) && c.push(size, c.next) {
		return true
	}
	c.GPR[RSP] = sp
	return false
}

// farTarget checks the descriptor of a far transfer; t.rip is the offset of the
// instruction, which a gate overrides.
func (c *CPU) farTarget(t *farTarget, sel uint16, call bool) bool {
	if sel&^3 == 0 {
		return c.generalProtection()
	}
	err := uint32(sel &^ 3)
	raw, at, ok := c.descriptor(sel, VecGP, err)
	if !ok {
		return false
	}
	s, rpl := segmentOf(sel, raw), uint8(sel&3)
	if s.Attr&attrS == 0 {
		return c.gateTarget(t, sel, raw, at, call)
	}
	conforming := s.Attr&attrConform != 0
	switch {
	case s.Attr&attrCode == 0,
		conforming && s.dpl() > c.CPL, !conforming && (rpl > c.CPL || s.dpl() != c.CPL),
		c.longActive() && s.Attr&(attrL|attrD) == attrL|attrD:
		c.raiseErr(VecGP, err)
		return false
	case s.Attr&attrP == 0:
		c.raiseErr(VecNP, err)
		return false
	}
	if !c.targetOK(&s, t.rip) {
		return c.generalProtection()
	}
	s.Sel = sel&^3 | uint16(c.CPL)
	t.cs = s
	return c.markAccessed(at, &t.cs)
}

// gateTarget goes through a 64-bit call gate (APM vol. 2, 4.8.4).
func (c *CPU) gateTarget(t *farTarget, sel uint16, raw, at uint64, call bool) bool {
	err := uint32(sel &^ 3)
	if !c.longActive() {
		c.unsupported("far transfer through a system descriptor in 32-bit protected mode")
		return false
	}
	table := uint64(c.GDTR.Limit)
	if sel&4 != 0 {
		table = uint64(c.LDTR.Limit)
	}
	g := decodeGate(raw, 0)
	if g.kind != typeCallGate || g.dpl < max(c.CPL, uint8(sel&3)) || uint64(sel&^7)+15 > table {
		c.raiseErr(VecGP, err)
		return false
	}
	high, ok := c.sysLoad(at+8, 8)
	if !ok {
		return false
	}
	switch g = decodeGate(raw, high&0xffffffff); {
	case high>>40&0x1f != 0:
		c.raiseErr(VecGP, err)
		return false
	case !g.p:
		c.raiseErr(VecNP, err)
		return false
	}
	cs, cpl, ok := c.handlerSegment(g.sel, 0)
	if !ok {
		return false
	}
	if !call && cpl != c.CPL {
		c.raiseErr(VecGP, uint32(g.sel&^3))
		return false
	}
	if !canonical(g.offset) {
		return c.generalProtection()
	}
	*t = farTarget{cs: cs, rip: g.offset, cpl: cpl, inner: cpl != c.CPL, gate: true}
	return true
}

// callInner switches to the inner stack of a call gate and pushes the frame.
func (c *CPU) callInner(t *farTarget) bool {
	sp, ok := c.tssStack(4+8*uint64(t.cpl), 0)
	if !ok {
		return false
	}
	frame := [4]uint64{uint64(c.Seg[SS].Sel), c.GPR[RSP], uint64(c.Seg[CS].Sel), c.next}
	if sp, ok = c.pushFrame(sp, frame[:], t.cpl, 0); !ok {
		return false
	}
	c.Seg[SS] = Segment{Sel: uint16(t.cpl)}
	c.GPR[RSP] = sp
	return true
}

// execRetFar executes RETF and RETF imm16 (APM vol. 3, RET far).
func (c *CPU) execRetFar(i *Inst) {
	size, drop := uint64(i.Size), i.Imm
	rip, ok := c.top(0, i.Size)
	if !ok {
		return
	}
	sel, ok := c.top(size, i.Size)
	if !ok {
		return
	}
	if !c.protected() {
		if rip > uint64(c.Seg[CS].Limit) {
			c.generalProtection()
			return
		}
		c.moveSP(2*size + drop)
		c.Seg[CS].Sel, c.Seg[CS].Base = uint16(sel), sel&0xffff<<4
		c.next = rip
		return
	}
	r, ok := c.returnCode(uint16(sel), rip)
	if !ok {
		return
	}
	if r.cpl == c.CPL {
		c.moveSP(2*size + drop)
		c.setCS(r.cs)
		c.next = rip
		return
	}
	sp, ok := c.top(2*size+drop, i.Size)
	if !ok {
		return
	}
	ss, ok := c.top(3*size+drop, i.Size)
	if !ok || !c.returnStack(&r, uint16(ss)) {
		return
	}
	c.Seg[SS] = r.ss
	blocked := c.NMIBlocked
	c.finishReturn(&r)
	c.NMIBlocked = blocked
	c.setSP(sp)
	c.moveSP(drop)
}
