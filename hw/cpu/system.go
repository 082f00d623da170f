package cpu

// execSystem executes the system instructions: what concerns privilege,
// segments, control registers, and transfers between levels.
func (c *CPU) execSystem(i *Inst) {
	switch i.Op {
	case OpPUSHSEG, OpPOPSEG, OpMOVFROMSEG, OpMOVTOSEG, OpLOADFAR:
		c.execSegment(i)
	case OpCALLFAR, OpJMPFAR:
		c.execFar(i)
	case OpRETFAR:
		c.execRetFar(i)
	case OpINT, OpINT3, OpINTO, OpINT1:
		c.execInterrupt(i)
	case OpIRET:
		c.execIRET(i)
	case OpPUSHF:
		if !c.sensitive() {
			c.push(i.Size, c.RFLAGS&^(FlagRF|FlagVM))
		}
	case OpPOPF:
		c.execPOPF(i)
	case OpCLI, OpSTI:
		c.execInterruptFlag(i)
	case OpIN, OpOUT:
		c.execPort(i)
	case OpSLDT, OpSTR, OpLLDT, OpLTR, OpVERR, OpVERW, OpARPL, OpLAR, OpLSL:
		c.execSelector(i)
	case OpSGDT, OpSIDT, OpLGDT, OpLIDT:
		c.execTable(i)
	case OpSMSW, OpLMSW, OpCLTS:
		c.execMachineStatus(i)
	case OpMOVFROMCR, OpMOVTOCR:
		c.execMoveCR(i)
	case OpMOVFROMDR, OpMOVTODR:
		c.execMoveDR(i)
	case OpWRMSR, OpRDMSR:
		c.execMSR(i)
	case OpRDTSC, OpRDTSCP, OpRDPMC:
		c.execCounter(i)
	case OpCPUID:
		c.execCPUID()
	case OpXGETBV, OpXSETBV:
		c.execXCR(i)
	case OpSYSCALL:
		c.execSyscall()
	case OpSYSRET:
		c.execSysret(i)
	case OpRDFSBASE, OpRDGSBASE, OpWRFSBASE, OpWRGSBASE:
		c.execBase(i)
	case OpCLAC, OpSTAC:
		if c.CPL != 0 {
			c.raise(VecUD)
			return
		}
		c.setFlags(FlagAC, flagIf(i.Op == OpSTAC, FlagAC))
	case OpSYSENTER:
		c.execSysenter()
	case OpSYSEXIT:
		c.execSysexit()
	case OpMONITOR, OpMWAIT:
		c.execMonitor(i)
	default:
		c.execSupervisor(i)
	}
}

// execSupervisor executes what needs CPL 0 and little else.
func (c *CPU) execSupervisor(i *Inst) {
	if c.CPL != 0 {
		c.generalProtection()
		return
	}
	switch i.Op {
	case OpHLT:
		c.Activity = Halted
		c.EndTurn = true
	case OpINVLPG:
		va := c.address(i)
		if i.Seg >= FS || !c.mode64() {
			va += c.Seg[i.Seg].Base
		}
		if !c.longActive() {
			va &= 0xffffffff
		}
		c.invalidatePage(va)
	case OpINVPCID:
		c.execINVPCID(i)
	case OpSWAPGS:
		c.Seg[GS].Base, c.MSR.KernelGSBase = c.MSR.KernelGSBase, c.Seg[GS].Base
	case OpINVD, OpWBINVD: // there are no caches
	default:
		panic("BUG: execSystem: no case for " + i.Op.String())
	}
}

// popfMask returns the flags that POPF and IRET may change at CPL and IOPL
// (APM vol. 3, POPF).
func (c *CPU) popfMask(size uint8) uint64 {
	m := FlagsStatus | FlagTF | FlagDF | FlagNT | FlagAC | FlagID
	if c.CPL == 0 {
		m |= FlagIOPL
	}
	if c.CPL <= c.iopl() {
		m |= FlagIF
	}
	if size == 2 {
		m &= 0xffff
	}
	return m
}

func (c *CPU) execPOPF(i *Inst) {
	if c.sensitive() {
		return
	}
	v, ok := c.top(0, i.Size)
	if !ok {
		return
	}
	c.moveSP(uint64(i.Size))
	c.setFlags(c.popfMask(i.Size), v)
	if i.Size != 2 {
		c.RFLAGS &^= FlagRF | FlagVIF | FlagVIP
	}
}

// execInterruptFlag executes CLI and STI. STI holds interrupts back for one more
// instruction (APM vol. 3, STI).
func (c *CPU) execInterruptFlag(i *Inst) {
	if c.CPL > c.iopl() { // also in virtual-8086 mode, which is at CPL 3
		c.generalProtection()
		return
	}
	if i.Op == OpCLI {
		c.RFLAGS &^= FlagIF
		return
	}
	if c.RFLAGS&FlagIF == 0 {
		c.IntShadow = true
	}
	c.RFLAGS |= FlagIF
}

// execInterrupt executes INT n, INT3, INTO and INT1.
func (c *CPU) execInterrupt(i *Inst) {
	switch i.Op {
	case OpINT:
		if !c.sensitive() {
			c.softInterrupt(uint8(i.Imm))
		}
	case OpINT3:
		c.softInterrupt(VecBP)
	case OpINTO:
		if c.RFLAGS&FlagOF != 0 {
			c.softInterrupt(VecOF)
		}
	case OpINT1: // passes gates of any DPL, and takes with it what a load of SS held back
		c.DR[6] = c.DR[6]&^dr6Breaks | uint64(c.HeldDebug)
		c.HeldDebug = 0
		c.enterDebug()
		c.stepped = false
		c.enterHandler(&event{kind: eventTrap, vector: VecDB, ret: c.next})
	}
}

// execBase executes RDFSBASE and its like (APM vol. 3).
func (c *CPU) execBase(i *Inst) {
	if c.CR4&CR4FSGSBASE == 0 || !c.mode64() {
		c.raise(VecUD)
		return
	}
	seg := uint8(FS)
	if i.Op == OpRDGSBASE || i.Op == OpWRGSBASE {
		seg = GS
	}
	if i.Op == OpRDFSBASE || i.Op == OpRDGSBASE {
		c.setReg(i.RM, i.Size, i.Prefix, c.Seg[seg].Base)
		return
	}
	v := c.reg(i.RM, i.Size, i.Prefix)
	if !canonical(v) {
		c.generalProtection()
		return
	}
	c.Seg[seg].Base = v
}
