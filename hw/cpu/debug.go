package cpu

// Debug exceptions: breakpoints, single step, and their registers (APM vol. 2,
// 13.1). A processor with an enabled breakpoint takes the long way for every
// access (see hostable), so that breakpoints cost nothing while none is
// enabled.

// The kinds of access that DR7 selects.
const (
	breakExecute = 0
	breakWrite   = 1
	breakPort    = 2 // with CR4.DE
	breakAccess  = 3
)

// armed tells whether a breakpoint is enabled.
func (c *CPU) armed() bool { return c.DR[7]&dr7Enable != 0 }

// breakpoints returns which of DR0 to DR3 watch for an access to size bytes at
// at, as bits of DR6 (APM vol. 2, 13.1.1.4, 13.1.2).
func (c *CPU) breakpoints(kind uint64, at uint64, size int) (hit uint64) {
	for n := range 4 {
		if c.DR[7]>>(2*n)&3 == 0 {
			continue
		}
		watched := c.DR[7] >> (16 + 4*n) & 3
		length := [4]uint64{1, 2, 8, 4}[c.DR[7]>>(18+4*n)&3]
		if kind == breakExecute {
			length = 1
		}
		first := c.DR[n] &^ (length - 1)
		of := watched == kind || watched == breakAccess && kind == breakWrite
		if of && (first-at < uint64(size) || at-first < length) {
			hit |= 1 << n
		}
	}
	return hit
}

// noteAccess remembers the breakpoints that a data access hits; they trap when
// the instruction is done.
func (c *CPU) noteAccess(va uint64, size int, acc access) {
	kind := uint64(breakAccess)
	if acc == accWrite {
		kind = breakWrite
	}
	c.hits |= c.breakpoints(kind, va, size)
}

// notePort is noteAccess for ports.
func (c *CPU) notePort(port uint16, size int) {
	if c.CR4&CR4DE != 0 {
		c.hits |= c.breakpoints(breakPort, uint64(port), size)
	}
}

// codeBreakpoint raises #DB if a breakpoint is on the instruction at RIP. It is
// a fault, comes before all others of the instruction, and is suppressed by RF.
func (c *CPU) codeBreakpoint() bool {
	if c.RFLAGS&FlagRF != 0 {
		return false
	}
	va := c.RIP
	if !c.mode64() {
		va = (c.Seg[CS].Base + c.RIP) & 0xffffffff
	}
	hit := c.breakpoints(breakExecute, va, 1)
	if hit != 0 {
		c.raiseDebug(eventBreak, hit)
	}
	return hit != 0
}

// raiseDebug raises #DB for reasons that are bits of DR6. Those of breakpoints
// are replaced, others stay until software clears them.
func (c *CPU) raiseDebug(kind eventKind, why uint64) {
	c.DR[6] = c.DR[6]&^dr6Breaks | why
	c.exc = exception{pending: true, vector: VecDB, kind: kind}
}

// enterDebug clears what every #DB clears in the debug registers, so that its
// handler can use them (APM vol. 2, 13.1.1.4, 13.1.1.6).
func (c *CPU) enterDebug() {
	c.DR[7] &^= DR7GD
	c.MSR.DebugCtl &^= debugBTF
}

// trapsDue tells whether a trap may follow the instruction that is done.
func (c *CPU) trapsDue() bool { return c.stepped || c.hits != 0 || c.HeldDebug != 0 }

// debugTrap raises the trap that follows an instruction from an address, or an
// iteration of a repeated one, if it hit breakpoints or is stepped. A load of SS
// holds breakpoints back for one more instruction and is not stepped. With
// DebugCtl.BTF only branches that are taken are stepped.
func (c *CPU) debugTrap(i *Inst, from uint64) {
	why := c.hits | uint64(c.HeldDebug)
	c.hits, c.HeldDebug = 0, 0
	if c.IntShadow && i.Op != OpSTI {
		c.HeldDebug = uint8(why)
		return
	}
	branch := c.RIP != from+uint64(i.Len) && i.Op.Kind() != KindString
	if c.stepped && (branch || c.MSR.DebugCtl&debugBTF == 0) {
		why |= DR6BS
	}
	if why != 0 {
		c.raiseDebug(eventTrap, why)
	}
}

// yields tells whether a repeated string instruction stops between iterations.
func (c *CPU) yields() bool {
	return c.Clock >= c.Limit || c.EndTurn || c.Stop.Kind != StopNone || c.hits != 0 || c.HeldDebug != 0 || c.RFLAGS&FlagTF != 0
}

// execMoveDR executes MOV to and from debug registers (APM vol. 2, 13.1.1).
func (c *CPU) execMoveDR(i *Inst) {
	n := i.Reg
	if n == 4 || n == 5 {
		if c.CR4&CR4DE != 0 {
			c.raise(VecUD)
			return
		}
		n += 2
	}
	if c.CPL != 0 {
		c.generalProtection()
		return
	}
	if c.DR[7]&DR7GD != 0 {
		c.raiseDebug(eventFault, DR6BD)
		return
	}
	if i.Op == OpMOVFROMDR {
		c.setReg(i.RM, c.controlSize(), i.Prefix, c.DR[n])
		return
	}
	v := c.reg(i.RM, c.controlSize(), i.Prefix)
	if n >= 6 && v>>32 != 0 {
		c.generalProtection()
		return
	}
	switch n {
	case 6:
		v = v&dr6Write | dr6One
	case 7:
		v = v&dr7Write | dr7One
	}
	c.DR[n] = v
	if n == 7 {
		c.Resync()
	}
}
