package cpu

// execInt executes the integer instructions. A fault leaves c.exc set and the
// state as it was.
func (c *CPU) execInt(i *Inst) {
	switch i.Op {
	case OpADD, OpOR, OpADC, OpSBB, OpAND, OpSUB, OpXOR, OpCMP, OpTEST:
		c.execALU(i)
	case OpINC, OpDEC, OpNOT, OpNEG:
		c.execUnary(i)
	case OpROL, OpROR, OpRCL, OpRCR, OpSHL, OpSHR, OpSAR:
		c.execShift(i)
	case OpSHLD, OpSHRD:
		c.execDoubleShift(i)
	case OpMUL, OpIMUL, OpIMUL2, OpIMUL3:
		c.execMul(i)
	case OpDIV, OpIDIV:
		c.execDiv(i)
	case OpBT, OpBTS, OpBTR, OpBTC:
		c.execBitTest(i)
	case OpBSF, OpBSR, OpPOPCNT, OpBSWAP:
		c.execBits(i)
	case OpXCHG, OpCMPXCHG, OpXADD, OpCMPXCHG8B:
		c.execAtomic(i)
	case OpPUSH, OpPOP, OpPUSHA, OpPOPA, OpENTER, OpLEAVE:
		c.execStack(i)
	case OpJCC, OpJMP, OpJMPIND, OpCALL, OpCALLIND, OpRET, OpLOOP, OpLOOPE, OpLOOPNE, OpJCXZ:
		c.execBranch(i)
	case OpDAA, OpDAS, OpAAA, OpAAS, OpAAM, OpAAD, OpSALC, OpBOUND:
		c.execLegacy(i)
	case OpCLC, OpSTC, OpCMC, OpCLD, OpSTD, OpSAHF, OpLAHF:
		c.execFlag(i)
	case OpLZCNT, OpTZCNT, OpMOVBE, OpCRC32, OpADCX, OpADOX, OpRDRAND:
		c.execExtension(i)
	default:
		if i.Op.isVEX() {
			c.execBMI(i)
			return
		}
		c.execMove(i)
	}
}

// execMove executes moves and other instructions that do not touch flags.
func (c *CPU) execMove(i *Inst) {
	switch i.Op {
	case OpMOV:
		if v, ok := c.readSource(i); !ok {
			return
		} else if i.Form == FormRegRM {
			c.setReg(i.Reg, i.Size, i.Prefix, v)
		} else {
			c.writeRM(i, v)
		}
	case OpMOVNTI:
		c.writeRM(i, c.GPR[i.Reg])
	case OpLEA:
		c.setReg(i.Reg, i.Size, i.Prefix, c.address(i))
	case OpMOVZX, OpMOVSX:
		if v, ok := c.readRMSize(i, i.Sub); ok {
			if i.Op == OpMOVSX {
				v = signExtend(v, i.Sub)
			}
			c.setReg(i.Reg, i.Size, i.Prefix, v)
		}
	case OpMOVSXD: // the source has 32 bits whatever the destination has, as AMD has it
		if v, ok := c.readRMSize(i, 4); ok {
			c.setReg(i.Reg, i.Size, i.Prefix, signExtend(v, 4))
		}
	case OpCMOV: // the source is read, and a 32-bit destination cleared above, in any case
		if v, ok := c.readRM(i); ok {
			if !c.condition(i.Sub) {
				v = c.GPR[i.Reg]
			}
			c.setReg(i.Reg, i.Size, i.Prefix, v)
		}
	case OpSET:
		c.writeRM(i, flagIf(c.condition(i.Sub), 1))
	case OpCBW:
		c.setReg(RAX, i.Size, 0, signExtend(c.reg(RAX, i.Size/2, PrefixREX), i.Size/2))
	case OpCWD:
		c.setReg(RDX, i.Size, 0, uint64(int64(signExtend(c.GPR[RAX], i.Size))>>63))
	case OpXLAT:
		at := *i
		at.Base, at.Disp = RBX, int64(c.GPR[RAX]&0xff)
		if v, ok := c.loadN(i.Seg, c.address(&at), 1); ok {
			c.setReg(RAX, 1, 0, v)
		}
	case OpCLFLUSH: // the address must be readable
		c.loadN(i.Seg, c.address(i), 1)
	case OpPAUSE:
		c.EndTurn = true
	case OpNOP, OpLFENCE, OpMFENCE, OpSFENCE:
	default:
		panic("BUG: cpu: no execution for " + i.Op.String())
	}
}

// execALU executes the eight classic operations and TEST.
func (c *CPU) execALU(i *Inst) {
	var a, r, f uint64
	b, ok := c.readSource(i)
	if !ok {
		return
	}
	toReg := i.Form == FormRegRM
	switch {
	case toReg:
		a = c.reg(i.Reg, i.Size, i.Prefix)
	case i.Op == OpCMP || i.Op == OpTEST:
		a, ok = c.readRM(i)
	default:
		a, ok = c.readForWrite(i)
	}
	if !ok {
		return
	}
	switch i.Op {
	case OpADD:
		r, f = addFlags(a, b, 0, i.Size)
	case OpADC:
		r, f = addFlags(a, b, c.RFLAGS&FlagCF, i.Size)
	case OpSUB, OpCMP:
		r, f = subFlags(a, b, 0, i.Size)
	case OpSBB:
		r, f = subFlags(a, b, c.RFLAGS&FlagCF, i.Size)
	case OpAND, OpTEST:
		r = a & b
		f = resultFlags(r, i.Size)
	case OpOR:
		r = a | b
		f = resultFlags(r, i.Size)
	case OpXOR:
		r = a ^ b
		f = resultFlags(r, i.Size)
	}
	switch {
	case i.Op == OpCMP || i.Op == OpTEST:
	case toReg:
		c.setReg(i.Reg, i.Size, i.Prefix, r)
	default:
		if !c.writeRM(i, r) {
			return
		}
	}
	c.setFlags(FlagsStatus, f)
}

// execUnary executes INC, DEC, NOT and NEG.
func (c *CPU) execUnary(i *Inst) {
	a, ok := c.readForWrite(i)
	if !ok {
		return
	}
	var r, f uint64
	which := FlagsStatus
	switch i.Op {
	case OpINC:
		r, f = addFlags(a, 1, 0, i.Size)
		which &^= FlagCF
	case OpDEC:
		r, f = subFlags(a, 1, 0, i.Size)
		which &^= FlagCF
	case OpNEG:
		r, f = subFlags(0, a, 0, i.Size)
	case OpNOT:
		r, which = ^a, 0
	}
	if c.writeRM(i, r) {
		c.setFlags(which, f)
	}
}

// execFlag executes instructions on single flags.
func (c *CPU) execFlag(i *Inst) {
	const low = FlagSF | FlagZF | FlagAF | FlagPF | FlagCF
	switch i.Op {
	case OpCLC:
		c.RFLAGS &^= FlagCF
	case OpSTC:
		c.RFLAGS |= FlagCF
	case OpCMC:
		c.RFLAGS ^= FlagCF
	case OpCLD:
		c.RFLAGS &^= FlagDF
	case OpSTD:
		c.RFLAGS |= FlagDF
	case OpSAHF:
		c.setFlags(low, c.GPR[RAX]>>8)
	case OpLAHF:
		c.GPR[RAX] = c.GPR[RAX]&^0xff00 | (c.RFLAGS&low|FlagOne)<<8
	}
}
