package cpu

// Virtual-8086 mode (APM vol. 2, 8.10, 3.1.6; Intel SDM vol. 3, 20). Interrupts
// are not virtualized: the processor has no VME.

// virtualSegment is the segment of a selector in virtual-8086 mode.
func virtualSegment(sel uint16) Segment {
	return Segment{Sel: sel, Attr: attrRealMode | 3<<attrDPLShift, Limit: 0xffff, Base: uint64(sel) << 4}
}

// iretVirtual enters virtual-8086 mode; IRET of 32 bits at CPL 0 has found VM in
// the flags to load.
func (c *CPU) iretVirtual() {
	var w [9]uint64 // EIP CS EFLAGS ESP SS ES DS FS GS
	for k := range w {
		var ok bool
		if w[k], ok = c.top(4*uint64(k), 4); !ok {
			return
		}
	}
	if w[0] > 0xffff {
		c.generalProtection()
		return
	}
	const loaded = FlagsStatus | FlagTF | FlagIF | FlagDF | FlagIOPL | FlagNT | FlagRF | FlagVM | FlagAC |
		FlagVIF | FlagVIP | FlagID
	c.setFlags(loaded, w[2])
	c.enterVirtual([6]uint16{ES: uint16(w[5]), CS: uint16(w[1]), SS: uint16(w[4]), DS: uint16(w[6]), FS: uint16(w[7]), GS: uint16(w[8])})
	c.GPR[RSP] = w[3]
	c.next = w[0]
	c.NMIBlocked = false
}

// enterVirtual loads the segments of virtual-8086 mode. RFLAGS.VM is set.
func (c *CPU) enterVirtual(sel [6]uint16) {
	for n := range sel {
		c.Seg[n] = virtualSegment(sel[n])
	}
	c.CPL = 3
	c.resegment()
}

// sensitive raises #GP(0) in virtual-8086 mode unless IOPL is 3: for CLI, STI,
// PUSHF, POPF, INT n and IRET.
func (c *CPU) sensitive() bool {
	return c.v86() && c.iopl() < 3 && !c.generalProtection()
}
