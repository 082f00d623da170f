package cpu

// farTarget is the checked target of a far CALL or JMP.
type farTarget struct {
	cs    Segment
	rip   uint64
	cpl   uint8
	inner bool   // through a call gate to a more privileged level
	size  uint8  // of what CALL pushes
	copy  uint8  // words to copy from the outer stack
	task  uint16 // or else a TSS to switch to
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
	t := farTarget{cs: c.Seg[CS], rip: off, cpl: c.CPL, size: i.Size}
	if i.Prefix&PrefixREXW != 0 { // AMD's processors have no m16:64, but push 64 bits
		t.size = 8
	}
	if !c.protected() {
		t.cs.Sel, t.cs.Base = sel, uint64(sel)<<4
		if off > uint64(t.cs.Limit) {
			c.generalProtection()
			return
		}
	} else if !c.farTarget(&t, sel, i.Op == OpCALLFAR) {
		return
	}
	switch {
	case t.task != 0:
		way := taskJump
		if i.Op == OpCALLFAR {
			way = taskCall
		}
		c.switchTask(t.task, way, c.next, c.RFLAGS, 0)
		return
	case i.Op == OpJMPFAR:
	case t.inner:
		if !c.callInner(&t) {
			return
		}
	case !c.pushFar(t.size):
		return
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

// gateTarget goes through a call gate, in protected mode also through a task
// gate or to a TSS (APM vol. 2, 4.11.2, 12.3).
func (c *CPU) gateTarget(t *farTarget, sel uint16, raw, at uint64, call bool) bool {
	g := decodeGate(raw, 0)
	if !c.longActive() {
		return c.gateLegacy(t, sel, &g, call)
	}
	hi, ok := c.gateHigh(sel, &g, at)
	if !ok {
		return false
	}
	g = decodeGate(raw, hi)
	t.size = 8
	return c.throughGate(t, &g, call)
}

// gateHigh checks a call gate of long mode and returns its second half (APM
// vol. 2, 4.8.4).
func (c *CPU) gateHigh(sel uint16, g *gate, at uint64) (hi uint64, ok bool) {
	err := uint32(sel &^ 3)
	table := uint64(c.GDTR.Limit)
	if sel&4 != 0 {
		table = uint64(c.LDTR.Limit)
	}
	if g.kind != typeCallGate || g.dpl < max(c.CPL, uint8(sel&3)) || uint64(sel&^7)+15 > table {
		c.raiseErr(VecGP, err)
		return 0, false
	}
	if hi, ok = c.sysLoad(at+8, 8); !ok {
		return 0, false
	}
	switch {
	case hi>>40&0x1f != 0:
		c.raiseErr(VecGP, err)
		return 0, false
	case !g.p:
		c.raiseErr(VecNP, err)
		return 0, false
	}
	return hi & 0xffffffff, true
}

// gateLegacy checks a system descriptor of protected mode.
func (c *CPU) gateLegacy(t *farTarget, sel uint16, g *gate, call bool) bool {
	err := uint32(sel &^ 3)
	switch g.kind {
	case typeTSS16, typeTSS, typeTaskGate, typeCallGate, typeCallGate &^ type32:
	default:
		c.raiseErr(VecGP, err)
		return false
	}
	switch {
	case g.dpl < max(c.CPL, uint8(sel&3)):
		c.raiseErr(VecGP, err)
		return false
	case !g.p:
		c.raiseErr(VecNP, err)
		return false
	}
	switch g.kind {
	case typeTSS16, typeTSS:
		t.task = sel
		return true
	case typeTaskGate:
		if t.task = g.sel; t.task == 0 {
			return c.generalProtection()
		}
		return true
	}
	if t.size = g.size(); t.size == 2 {
		g.offset &= 0xffff
	}
	return c.throughGate(t, g, call)
}

// throughGate checks what a call gate points to. Only CALL may change the
// privilege level.
func (c *CPU) throughGate(t *farTarget, g *gate, call bool) bool {
	cs, cpl, ok := c.handlerSegment(g.sel, 0)
	if !ok {
		return false
	}
	if !call && cpl != c.CPL {
		c.raiseErr(VecGP, uint32(g.sel&^3))
		return false
	}
	if !c.targetOK(&cs, g.offset) {
		return c.generalProtection()
	}
	t.cs, t.rip, t.cpl, t.inner, t.copy = cs, g.offset, cpl, cpl != c.CPL, g.params
	return true
}

// callInner switches to the inner stack of a call gate and pushes the old stack
// pointer and the return address.
func (c *CPU) callInner(t *farTarget) bool {
	if !c.longActive() {
		return c.callInnerLegacy(t)
	}
	sp, ok := c.tssStack(4+8*uint64(t.cpl), 0)
	if !ok {
		return false
	}
	words := [4]uint64{uint64(c.Seg[SS].Sel), c.GPR[RSP], uint64(c.Seg[CS].Sel), c.next}
	if sp, ok = c.pushWords(sp, words[:], t.cpl, 0); !ok {
		return false
	}
	c.Seg[SS] = Segment{Sel: uint16(t.cpl)}
	c.GPR[RSP] = sp
	return true
}

// callInnerLegacy is callInner for protected mode, with parameters.
func (c *CPU) callInnerLegacy(t *farTarget) bool {
	f, ok := c.handlerStack(t.cpl, 0)
	if !ok || !f.push(c, t.size, uint64(c.Seg[SS].Sel), c.GPR[RSP]) {
		return false
	}
	for k := int(t.copy) - 1; k >= 0; k-- {
		v, ok := c.top(uint64(k)*uint64(t.size), t.size)
		if !ok || !f.push(c, t.size, v) {
			return false
		}
	}
	if !f.push(c, t.size, uint64(c.Seg[CS].Sel), c.next) {
		return false
	}
	c.Seg[SS], c.GPR[RSP] = f.ss, f.sp
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
