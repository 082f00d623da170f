package cpu

// sseMove executes the moves between registers and memory.
func (c *CPU) sseMove(i *Inst) bool {
	switch i.Op {
	case OpMOVUPS, OpMOVUPD, OpMOVDQU:
		c.move128(i, false)
	case OpMOVAPS, OpMOVAPD, OpMOVDQA, OpMOVNTPS, OpMOVNTPD, OpMOVNTDQ:
		c.move128(i, true)
	case OpMOVSS:
		c.moveScalar(i, 1<<32-1)
	case OpMOVSD:
		c.moveScalar(i, ^uint64(0))
	case OpMOVLPS, OpMOVLPD:
		c.moveHalf(i, 0)
	case OpMOVHPS, OpMOVHPD:
		c.moveHalf(i, 1)
	case OpMOVHLPS:
		c.FPU.XMM[i.Reg][0] = c.FPU.XMM[i.RM][1]
	case OpMOVLHPS:
		c.FPU.XMM[i.Reg][1] = c.FPU.XMM[i.RM][0]
	case OpMOVD:
		c.moveGeneral(i)
	case OpMOVQ:
		c.moveQuad(i)
	default:
		return false
	}
	return true
}

func (c *CPU) move128(i *Inst, aligned bool) {
	if i.Form == FormRMReg {
		v := c.FPU.XMM[i.Reg]
		if i.Prefix&PrefixMem != 0 {
			c.store128(i.Seg, c.address(i), v[0], v[1], aligned)
			return
		}
		c.FPU.XMM[i.RM] = v
		return
	}
	if v, ok := c.xmmRM(i, aligned); ok {
		c.FPU.XMM[i.Reg] = v
	}
}

// moveScalar is MOVSS and MOVSD: a load clears the rest of the register, a
// move between registers keeps it.
func (c *CPU) moveScalar(i *Inst, mask uint64) {
	mem := i.Prefix&PrefixMem != 0
	switch {
	case mem && i.Form == FormRMReg:
		c.storeN(i.Seg, c.address(i), int(i.Size), c.FPU.XMM[i.Reg][0])
	case mem:
		if v, ok := c.xmmRM(i, false); ok {
			c.FPU.XMM[i.Reg] = v
		}
	default:
		to, from := i.Reg, i.RM
		if i.Form == FormRMReg {
			to, from = i.RM, i.Reg
		}
		c.FPU.XMM[to][0] = c.FPU.XMM[to][0]&^mask | c.FPU.XMM[from][0]&mask
	}
}

// moveHalf is MOVLPx and MOVHPx between memory and one half of a register.
func (c *CPU) moveHalf(i *Inst, half int) {
	if i.Form == FormRMReg {
		c.storeN(i.Seg, c.address(i), 8, c.FPU.XMM[i.Reg][half])
		return
	}
	if v, ok := c.loadN(i.Seg, c.address(i), 8); ok {
		c.FPU.XMM[i.Reg][half] = v
	}
}

// moveGeneral is MOVD and, with REX.W, MOVQ between general and XMM registers.
func (c *CPU) moveGeneral(i *Inst) {
	mem := i.Prefix&PrefixMem != 0
	mask := ^uint64(0) >> (64 - 8*i.Size)
	switch {
	case mem && i.Form == FormRMReg:
		c.storeN(i.Seg, c.address(i), int(i.Size), c.FPU.XMM[i.Reg][0])
	case i.Form == FormRMReg:
		c.GPR[i.RM] = c.FPU.XMM[i.Reg][0] & mask
	case mem:
		if v, ok := c.loadN(i.Seg, c.address(i), int(i.Size)); ok {
			c.FPU.XMM[i.Reg] = xmm{v, 0}
		}
	default:
		c.FPU.XMM[i.Reg] = xmm{c.GPR[i.RM] & mask, 0}
	}
}

func (c *CPU) moveQuad(i *Inst) {
	switch {
	case i.Form != FormRMReg:
		if v, ok := c.xmmRM(i, false); ok {
			c.FPU.XMM[i.Reg] = xmm{v[0], 0}
		}
	case i.Prefix&PrefixMem != 0:
		c.storeN(i.Seg, c.address(i), 8, c.FPU.XMM[i.Reg][0])
	default:
		c.FPU.XMM[i.RM] = xmm{c.FPU.XMM[i.Reg][0], 0}
	}
}

// sseLogic executes the bitwise operations of all types.
func (c *CPU) sseLogic(i *Inst) bool {
	switch i.Op {
	case OpPXOR, OpXORPS, OpXORPD, OpPAND, OpANDPS, OpANDPD,
		OpPOR, OpORPS, OpORPD, OpPANDN, OpANDNPS, OpANDNPD:
	default:
		return false
	}
	b, ok := c.xmmRM(i, true)
	if !ok {
		return true
	}
	a := &c.FPU.XMM[i.Reg]
	switch i.Op {
	case OpPXOR, OpXORPS, OpXORPD:
		a[0], a[1] = a[0]^b[0], a[1]^b[1]
	case OpPAND, OpANDPS, OpANDPD:
		a[0], a[1] = a[0]&b[0], a[1]&b[1]
	case OpPOR, OpORPS, OpORPD:
		a[0], a[1] = a[0]|b[0], a[1]|b[1]
	default:
		a[0], a[1] = b[0]&^a[0], b[1]&^a[1]
	}
	return true
}
