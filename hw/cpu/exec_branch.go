package cpu

// execBranch executes near branches. AMD processors heed the operand-size
// prefix in 64-bit mode: the target is then cut to 16 bits (APM vol. 3, JMP near).
func (c *CPU) execBranch(i *Inst) {
	switch i.Op {
	case OpJMP:
		c.jump(i, c.next+i.Imm)
	case OpJCC:
		if c.condition(i.Sub) {
			c.jump(i, c.next+i.Imm)
		}
	case OpJMPIND:
		if v, ok := c.readRM(i); ok {
			c.jump(i, v)
		}
	case OpCALL:
		c.call(i, c.next+i.Imm)
	case OpCALLIND:
		if v, ok := c.readRM(i); ok {
			c.call(i, v)
		}
	case OpRET:
		if v, ok := c.top(0, i.Size); ok && c.jump(i, v) {
			c.moveSP(uint64(i.Size) + i.Imm)
		}
	default:
		c.execLoop(i)
	}
}

func (c *CPU) call(i *Inst, target uint64) {
	next := c.next
	if c.jump(i, target) {
		c.push(i.Size, next)
	}
}

// execLoop executes LOOP, LOOPE, LOOPNE and JrCXZ; the counter has the address size.
func (c *CPU) execLoop(i *Inst) {
	n := c.reg(RCX, i.Addr, 0)
	if i.Op != OpJCXZ {
		n = (n - 1) & mask(i.Addr)
	}
	taken := n != 0
	switch i.Op {
	case OpLOOPE:
		taken = taken && c.RFLAGS&FlagZF != 0
	case OpLOOPNE:
		taken = taken && c.RFLAGS&FlagZF == 0
	case OpJCXZ:
		taken = n == 0
	}
	if taken && !c.jump(i, c.next+i.Imm) {
		return
	}
	if i.Op != OpJCXZ {
		c.setReg(RCX, i.Addr, 0, n)
	}
}
