package cpu

// mode returns how the current code segment decodes.
func (c *CPU) mode() Mode {
	switch {
	case c.mode64():
		return Mode64
	case c.Seg[CS].Attr&attrD != 0:
		return Mode32
	}
	return Mode16
}

// Step does the next thing this processor has to do: deliver a pending NMI or
// interrupt, or execute one instruction, delivering the exception it raises. A
// processor that does not run, and has no reason to, returns at once.
//
// It is the reference: every other engine must leave the same State.
func (c *CPU) Step() {
	shadow := c.IntShadow
	c.IntShadow, c.shadowed = false, shadow
	if !shadow && c.deliverPending() {
		return
	}
	if c.Activity != Running || c.Stop.Kind != StopNone {
		c.IntShadow = shadow
		return
	}
	var i Inst
	if c.fetch(&i) {
		c.execute(&i)
	}
	if c.exc.pending {
		c.deliverException()
	}
}

// deliverPending accepts an NMI or an unmasked interrupt, waking a halted
// processor, and reports whether it did.
func (c *CPU) deliverPending() bool {
	if c.Activity > Halted {
		return false
	}
	switch {
	case c.NMIPending && !c.NMIBlocked:
		c.Wake()
		c.NMIPending = false
		c.deliverNMI()
		return true
	case c.RFLAGS&FlagIF != 0:
		if v, ok := c.Bus.Interrupt(c.ID); ok {
			c.Wake()
			c.Bus.Acknowledge(c.ID, v)
			c.deliverInterrupt(v)
			return true
		}
	}
	return false
}

// fetch decodes the instruction at RIP. It touches the next page only if the
// instruction reaches there, and reports whether there is something to execute.
func (c *CPU) fetch(i *Inst) bool {
	if c.armed() && c.codeBreakpoint() {
		return false
	}
	mode := c.mode()
	var buf [MaxLen]byte
	have := c.fetchCode(c.RIP, buf[:])
	if have == 0 {
		return false
	}
	st := decode(buf[:have], mode, i)
	if st == DecodeMore {
		n := c.fetchCode(c.RIP+uint64(have), buf[have:])
		if n == 0 {
			return false
		}
		have += n
		st = decode(buf[:have], mode, i)
	}
	if st != DecodeOK { // too long, or past the segment's limit
		c.raiseErr(VecGP, 0)
		return false
	}
	if c.Mem.Watching() {
		c.noteFetch(uint64(i.Len))
	}
	return true
}

// execute executes a decoded instruction and, unless it faults, retires it.
func (c *CPU) execute(i *Inst) {
	c.next = c.RIP + uint64(i.Len)
	if mode := c.mode(); mode != Mode64 {
		c.next &= mask(4)
	}
	resume, cpl := c.RFLAGS&FlagRF, c.CPL
	c.stepped = c.RFLAGS&FlagTF != 0
	c.RFLAGS &^= FlagRF // for one instruction (APM vol. 2, 3.1.6)
	c.hits = 0
	switch i.Op.Kind() {
	case KindInt:
		c.execInt(i)
	case KindString:
		if !c.execString(i) { // faulted, or gives way between iterations
			c.RFLAGS |= resume
			if c.trapsDue() && !c.exc.pending && c.Stop.Kind == StopNone {
				c.debugTrap(i, c.RIP)
			}
			return
		}
	case KindSystem:
		if c.early(i.Op) {
			c.RFLAGS |= resume
			c.IntShadow = c.shadowed
			return
		}
		c.execSystem(i)
	case KindSSE:
		c.execSSE(i)
	case KindX87:
		c.execX87(i)
	default:
		c.raise(VecUD)
	}
	if c.exc.pending || c.Stop.Kind != StopNone {
		c.RFLAGS |= resume
		return
	}
	c.RetiredAt[cpl&3]++
	c.retire(i)
}

// retire completes an instruction: it counts, its time passes, RIP advances,
// and the traps that it asked for follow.
func (c *CPU) retire(i *Inst) {
	from := c.RIP
	c.RIP = c.next
	c.Retired++
	c.charge(i.Class())
	if c.trapsDue() {
		c.debugTrap(i, from)
	}
}
