package cpu

// execStack executes PUSH, POP, ENTER and LEAVE.
func (c *CPU) execStack(i *Inst) {
	switch i.Op {
	case OpPUSH:
		v := i.Imm
		if i.Form == FormRM {
			var ok bool
			if v, ok = c.readRM(i); !ok {
				return
			}
		}
		c.push(i.Size, v)
	case OpPOP:
		c.pop(i)
	case OpLEAVE:
		v, ok := c.loadN(SS, c.GPR[RBP]&c.stackMask(), int(i.Size))
		if ok {
			sp := c.GPR[RBP]
			c.moveSP(sp - c.GPR[RSP] + uint64(i.Size))
			c.setReg(RBP, i.Size, 0, v)
		}
	case OpENTER:
		c.enter(i)
	case OpPUSHA:
		c.pushAll(i)
	case OpPOPA:
		c.popAll(i)
	}
}

// pop moves the stack pointer before it forms the destination's address, and
// not at all if the destination faults.
func (c *CPU) pop(i *Inst) {
	v, ok := c.top(0, i.Size)
	if !ok {
		return
	}
	sp := c.GPR[RSP]
	c.moveSP(uint64(i.Size))
	if !c.writeRM(i, v) {
		c.GPR[RSP] = sp
	}
}

// enter builds a stack frame (APM vol. 3, ENTER). Nesting level is modulo 32.
func (c *CPU) enter(i *Inst) {
	level := uint64(i.Imm2 & 31)
	size, m := uint64(i.Size), c.stackMask()
	sp, bp := c.GPR[RSP], c.GPR[RBP]
	store := func(v uint64) bool {
		sp = (sp - size) & m
		return c.storeN(SS, sp, int(size), v&mask(i.Size))
	}
	if !store(bp) {
		return
	}
	frame := c.GPR[RSP]&^m | sp // of the operand's size, which may be wider than the stack's
	for k := uint64(1); k < level; k++ {
		v, ok := c.loadN(SS, (bp-k*size)&m, int(size))
		if !ok || !store(v) {
			return
		}
	}
	if level > 0 && !store(frame) {
		return
	}
	sp -= i.Imm
	if !c.probeWrite(SS, sp&m, int(size)) { // "the new top must be writable"
		return
	}
	c.setReg(RBP, i.Size, 0, frame)
	c.moveSP(sp - c.GPR[RSP])
}

func (c *CPU) pushAll(i *Inst) {
	sp := c.GPR[RSP]
	for n := range uint8(8) {
		v := c.GPR[n]
		if n == RSP {
			v = sp
		}
		if !c.push(i.Size, v) {
			c.GPR[RSP] = sp
			return
		}
	}
}

func (c *CPU) popAll(i *Inst) {
	var v [8]uint64
	for k := range v {
		var ok bool
		if v[k], ok = c.top(uint64(k)*uint64(i.Size), i.Size); !ok {
			return
		}
	}
	for n := range uint8(8) {
		if n != RSP {
			c.setReg(n, i.Size, 0, v[7-n])
		}
	}
	c.moveSP(8 * uint64(i.Size))
}
