package cpu

// Hardware task switches (APM vol. 2, 12.3; Intel SDM vol. 3, 7.3). Long mode
// has none.

// taskWay is how a task is switched to.
type taskWay uint8

const (
	taskJump   taskWay = iota // the old task ends to be busy
	taskCall                  // the new task is nested in the old one: CALL, interrupts, exceptions
	taskReturn                // IRET from a nested task
)

// taskSegment reads and checks the descriptor of the TSS to switch to.
func (c *CPU) taskSegment(sel uint16, way taskWay, ext uint32) (s Segment, at uint64, ok bool) {
	vector, err := VecGP, uint32(sel&^3)|ext
	busy := uint16(0)
	if way == taskReturn {
		vector, busy = VecTS, typeBusy
	}
	if sel&^3 == 0 || sel&4 != 0 {
		c.raiseErr(vector, err)
		return s, 0, false
	}
	raw, at, ok := c.descriptor(sel, vector, err)
	if !ok {
		return s, 0, false
	}
	s = segmentOf(sel, raw)
	minLimit := uint32(0x2b)
	if s.Attr&type32 != 0 {
		minLimit = 0x67
	}
	switch {
	case s.Attr&attrTypeAndS&^type32 != typeTSS16|busy:
		c.raiseErr(vector, err)
	case s.Attr&attrP == 0:
		c.raiseErr(VecNP, err)
	case s.Limit < minLimit:
		c.raiseErr(VecTS, err)
	default:
		return s, at, true
	}
	return s, 0, false
}

// switchTask leaves the present task, which goes on at ret with flags, for that
// of a TSS selector. What fails before the switch faults in the old task and
// changes nothing; what fails after it faults in the new one, whose RIP is then
// in place. ext is the EXT bit of error codes.
func (c *CPU) switchTask(sel uint16, way taskWay, ret, flags uint64, ext uint32) bool {
	s, at, ok := c.taskSegment(sel, way, ext)
	if !ok {
		return false
	}
	m, ok := c.readTask(&s)
	if !ok {
		return false
	}
	if way == taskReturn {
		flags &^= FlagNT
	}
	old, oldAt := c.TR, c.GDTR.Base+uint64(c.TR.Sel&^7)
	if !c.probeTask(&old, &s, oldAt, at) || !c.saveTask(&old, ret, flags) {
		return false
	}
	if way != taskCall {
		c.setBusy(oldAt, &old, false)
	} else {
		c.sysStore(s.Base, 2, uint64(old.Sel))
		m.flags |= FlagNT
	}
	if way != taskReturn {
		c.setBusy(at, &s, true)
	} else {
		c.NMIBlocked = false
	}
	c.TR = s
	return c.startTask(m, ext)
}

// probeTask raises the page faults that a switch would run into half-way, when
// it writes the old TSS, the new one's link, and the descriptors of both.
func (c *CPU) probeTask(old, s *Segment, oldAt, newAt uint64) bool {
	saved := [2]uint64{tss16IP, tss16LDT - tss16IP}
	if old.Attr&type32 != 0 {
		saved = [2]uint64{tss32EIP, tss32LDT - tss32EIP}
	}
	for _, w := range [4][2]uint64{{old.Base + saved[0], saved[1]}, {s.Base, 2}, {oldAt + 5, 1}, {newAt + 5, 1}} {
		if _, _, ok := c.span(w[0], int(w[1]), accWrite, modeSystem); !ok {
			return false
		}
	}
	return true
}

// setBusy writes the busy bit of a TSS descriptor.
func (c *CPU) setBusy(at uint64, s *Segment, busy bool) {
	s.Attr &^= typeBusy
	if busy {
		s.Attr |= typeBusy
	}
	c.sysStore(at+5, 1, uint64(s.Attr&0xff))
}

// startTask makes the state of a TSS, whose segment is in TR, the processor's.
func (c *CPU) startTask(m *taskImage, ext uint32) bool {
	c.CR0 |= CR0TS
	c.DR[7] &^= dr7Local
	c.LDTR = Segment{Sel: m.ldt}
	for n := range c.Seg {
		c.Seg[n] = Segment{Sel: m.seg[n]}
	}
	const loaded = FlagsStatus | FlagTF | FlagIF | FlagDF | FlagIOPL | FlagNT | FlagRF | FlagVM | FlagAC |
		FlagVIF | FlagVIP | FlagID
	c.RFLAGS = m.flags&loaded | FlagOne
	copy(c.GPR[:], m.gpr[:])
	c.RIP, c.next = m.eip, m.eip
	c.CPL = uint8(m.seg[CS]) & 3
	c.IntShadow = false
	if m.trap {
		c.hits |= DR6BT
	}
	ok := !m.wide || c.CR0&CR0PG == 0 || c.writeCR3(m.cr3)
	c.Resync()
	if !ok || !c.loadTaskLDT(ext) {
		return false
	}
	if c.v86() {
		c.enterVirtual(m.seg)
	} else if !c.loadTaskSegments(m, ext) {
		return false
	}
	if m.eip > uint64(c.Seg[CS].Limit) {
		c.raiseErr(VecGP, ext)
		return false
	}
	return true
}

// loadTaskLDT loads the LDT that LDTR names.
func (c *CPU) loadTaskLDT(ext uint32) bool {
	sel := c.LDTR.Sel
	if sel&^3 == 0 {
		return true
	}
	err := uint32(sel&^3) | ext
	if sel&4 != 0 {
		c.raiseErr(VecTS, err)
		return false
	}
	raw, _, ok := c.descriptor(sel, VecTS, err)
	if !ok {
		return false
	}
	s := segmentOf(sel, raw)
	if s.Attr&(attrTypeAndS|attrP) != typeLDT|attrP {
		c.raiseErr(VecTS, err)
		return false
	}
	c.LDTR = s
	return true
}

// loadTaskSegments loads the segments of a task that is not in virtual-8086 mode.
func (c *CPU) loadTaskSegments(m *taskImage, ext uint32) bool {
	sel := m.seg[CS]
	err := uint32(sel&^3) | ext
	if sel&^3 == 0 {
		c.raiseErr(VecTS, err)
		return false
	}
	raw, at, ok := c.descriptor(sel, VecTS, err)
	if !ok {
		return false
	}
	cs := segmentOf(sel, raw)
	conforming := cs.Attr&attrConform != 0
	switch {
	case cs.Attr&(attrS|attrCode) != attrS|attrCode,
		conforming && cs.dpl() > c.CPL, !conforming && cs.dpl() != c.CPL:
		c.raiseErr(VecTS, err)
		return false
	case cs.Attr&attrP == 0:
		c.raiseErr(VecNP, err)
		return false
	}
	if !c.markAccessed(at, &cs) {
		return false
	}
	c.setCS(cs)
	for _, n := range [5]uint8{SS, ES, DS, FS, GS} {
		s, ok := c.readDataSegment(n, m.seg[n], c.CPL, VecTS, ext)
		if !ok {
			return false
		}
		c.Seg[n] = s
	}
	c.resegment()
	return true
}

// enterTask delivers e through a task gate.
func (c *CPU) enterTask(e *event, g *gate) bool {
	if !c.switchTask(g.sel, taskCall, e.ret, c.savedFlags(e), e.ext()) {
		return false
	}
	size := uint8(2)
	if c.TR.Attr&type32 != 0 {
		size = 4
	}
	return !e.hasErr || c.push(size, uint64(e.err))
}

// returnFromTask is IRET with NT set: to the task that the TSS names as the one before.
func (c *CPU) returnFromTask() {
	link, ok := c.sysLoad(c.TR.Base, 2)
	if ok {
		c.switchTask(uint16(link), taskReturn, c.next, c.RFLAGS, 0)
	}
}
