package cpu

import "resvirt/models"

// String instructions (APM vol. 3, 1.2.6 and the instructions' own pages). A
// repeated one is interruptible between iterations: RCX, RSI and RDI are then
// up to date, RIP is still the instruction's, and it has not retired.

// execString executes one string instruction and reports whether it completed.
func (c *CPU) execString(i *Inst) (done bool) {
	if (i.Op == OpINS || i.Op == OpOUTS) && !c.ioAllowed(uint16(c.GPR[RDX]), int(i.Size)) {
		return false // even if the count is 0
	}
	if i.Prefix&(PrefixRep|PrefixRepne) == 0 {
		return c.stringStep(i)
	}
	for {
		n := c.reg(RCX, i.Addr, 0)
		if n == 0 {
			return true
		}
		if c.atOnce {
			c.repeatAtOnce(i)
			n = c.reg(RCX, i.Addr, 0)
		}
		c.charge(models.RepIter)
		c.repIterations++
		if !c.stringStep(i) {
			return false
		}
		c.setReg(RCX, i.Addr, 0, n-1)
		if n == 1 || c.repeatEnds(i) {
			return true
		}
		if c.yields() {
			return false
		}
	}
}

// repeatEnds evaluates the condition of REPE and REPNE after an iteration.
func (c *CPU) repeatEnds(i *Inst) bool {
	if i.Op != OpCMPS && i.Op != OpSCAS {
		return false
	}
	return (c.RFLAGS&FlagZF != 0) != (i.Prefix&PrefixRep != 0)
}

// stringStep executes one iteration and reports whether it did not fault.
func (c *CPU) stringStep(i *Inst) bool {
	si, di := c.reg(RSI, i.Addr, 0), c.reg(RDI, i.Addr, 0)
	size := int(i.Size)
	var a, b uint64
	ok := true
	switch i.Op {
	case OpMOVS:
		if a, ok = c.loadN(i.Seg, si, size); ok {
			ok = c.storeN(ES, di, size, a)
		}
	case OpSTOS:
		ok = c.storeN(ES, di, size, c.GPR[RAX]&mask(i.Size))
	case OpLODS:
		if a, ok = c.loadN(i.Seg, si, size); ok {
			c.setReg(RAX, i.Size, PrefixREX, a)
		}
	case OpCMPS:
		if a, ok = c.loadN(i.Seg, si, size); ok {
			if b, ok = c.loadN(ES, di, size); ok {
				_, f := subFlags(a, b, 0, i.Size)
				c.setFlags(FlagsStatus, f)
			}
		}
	case OpSCAS:
		if b, ok = c.loadN(ES, di, size); ok {
			_, f := subFlags(c.reg(RAX, i.Size, PrefixREX), b, 0, i.Size)
			c.setFlags(FlagsStatus, f)
		}
	case OpINS:
		ok = c.stringIn(i, di)
	case OpOUTS:
		ok = c.stringOut(i, si)
	}
	if !ok {
		return false
	}
	step := uint64(i.Size)
	if c.RFLAGS&FlagDF != 0 {
		step = -step
	}
	if i.Op != OpSTOS && i.Op != OpSCAS && i.Op != OpINS {
		c.setReg(RSI, i.Addr, 0, si+step)
	}
	if i.Op != OpLODS && i.Op != OpOUTS {
		c.setReg(RDI, i.Addr, 0, di+step)
	}
	return true
}

// stringIn checks the destination before the port is read, because reading has
// effects of its own.
func (c *CPU) stringIn(i *Inst, di uint64) bool {
	port := uint16(c.GPR[RDX])
	if !c.probeWrite(ES, di, int(i.Size)) {
		return false
	}
	return c.storeN(ES, di, int(i.Size), uint64(c.portIn(port, int(i.Size))))
}

func (c *CPU) stringOut(i *Inst, si uint64) bool {
	port := uint16(c.GPR[RDX])
	v, ok := c.loadN(i.Seg, si, int(i.Size))
	if ok {
		c.portOut(port, int(i.Size), uint32(v))
	}
	return ok
}
