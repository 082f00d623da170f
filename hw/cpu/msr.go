package cpu

// Model-specific registers (APM vol. 2, appendix A).
const (
	msrTSC          = 0x10
	msrAPICBase     = 0x1b
	msrPatchLevel   = 0x8b
	msrMTRRCap      = 0xfe
	msrSysenterCS   = 0x174
	msrSysenterESP  = 0x175
	msrSysenterEIP  = 0x176
	msrMCGCap       = 0x179
	msrMCGStatus    = 0x17a
	msrDebugCtl     = 0x1d9
	msrMTRRBase     = 0x200 // to 0x20f, variable ranges
	msrPAT          = 0x277
	msrMTRRDefType  = 0x2ff
	msrTSCDeadline  = 0x6e0
	msrX2APICFirst  = 0x800
	msrX2APICLast   = 0x8ff
	msrEFER         = 0xc0000080
	msrSTAR         = 0xc0000081
	msrLSTAR        = 0xc0000082
	msrCSTAR        = 0xc0000083
	msrFMASK        = 0xc0000084
	msrFSBase       = 0xc0000100
	msrGSBase       = 0xc0000101
	msrKernelGSBase = 0xc0000102
	msrTSCAux       = 0xc0000103
	msrPerfEvtSel   = 0xc0010000 // 4 of them
	msrPerfCtr      = 0xc0010004 // 4 of them

	// mtrrCap: 8 variable ranges, fixed ranges, write-combining.
	mtrrCap = 8 | 1<<8 | 1<<10

	// debugBTF makes TF stop at branches alone.
	debugBTF uint64 = 1 << 1

	perfBits uint64 = 1<<48 - 1
)

// Bits of the APIC base address register.
const (
	apicBSP    uint64 = 1 << 8
	apicX2     uint64 = 1 << 10
	apicEnable uint64 = 1 << 11
)

// msr returns the register that holds an MSR of 64 unchecked bits, or nil.
func (c *CPU) msr(n uint32) *uint64 {
	m := &c.MSR
	switch n {
	case msrSysenterCS:
		return &m.SysenterCS
	case msrSysenterESP:
		return &m.SysenterESP
	case msrSysenterEIP:
		return &m.EIP
	case msrMTRRDefType:
		return &m.MTRRDefType
	case msrMCGStatus:
		return &m.MCGStatus
	case msrDebugCtl:
		return &m.DebugCtl
	case msrPAT:
		return &m.PAT
	case msrAPICBase:
		return &m.APICBase
	case msrEFER:
		return &m.EFER
	case msrSTAR:
		return &m.STAR
	case msrLSTAR:
		return &m.LSTAR
	case msrCSTAR:
		return &m.CSTAR
	case msrFMASK:
		return &m.FMASK
	case msrFSBase:
		return &c.Seg[FS].Base
	case msrGSBase:
		return &c.Seg[GS].Base
	case msrKernelGSBase:
		return &m.KernelGSBase
	case msrTSCAux:
		return &m.TSCAux
	}
	if n >= msrPerfEvtSel && n < msrPerfEvtSel+4 {
		return &m.PerfEvtSel[n-msrPerfEvtSel]
	}
	if n >= msrPerfCtr && n < msrPerfCtr+4 {
		return &m.PerfCtr[n-msrPerfCtr]
	}
	if k := mtrrIndex(n); k >= 0 {
		return &m.MTRR[k]
	}
	if k, _, ok := configRegister(n); ok {
		return &m.Config[k]
	}
	return nil
}

// readMSR returns the value of an MSR; ok is false if there is none.
func (c *CPU) readMSR(n uint32) (v uint64, ok bool) {
	switch n {
	case msrTSC:
		return c.tsc(), true
	case msrMTRRCap:
		return mtrrCap, true
	case msrMCGCap, msrPatchLevel:
		return 0, true
	case msrTSCDeadline:
		return c.Bus.ReadAPICMSR(c.ID, n)
	}
	if n >= msrX2APICFirst && n <= msrX2APICLast {
		if c.MSR.APICBase&(apicX2|apicEnable) != apicX2|apicEnable {
			return 0, false
		}
		return c.Bus.ReadAPICMSR(c.ID, n)
	}
	if isPerf(n) {
		c.Bus.PerfSync(c.ID)
	}
	if p := c.msr(n); p != nil {
		return *p, true
	}
	return 0, false
}

// writeMSR writes an MSR; false means #GP.
func (c *CPU) writeMSR(n uint32, v uint64) bool {
	switch n {
	case msrTSC:
		c.TSCBase += v - c.tsc()
		c.Bus.WriteAPICMSR(c.ID, n, v)
		return true
	case msrTSCDeadline:
		return c.Bus.WriteAPICMSR(c.ID, n, v)
	case msrPatchLevel, msrPatchLoad: // there is no microcode to load
		return true
	case msrLSTAR, msrCSTAR, msrFSBase, msrGSBase, msrKernelGSBase, msrSysenterESP, msrSysenterEIP:
		if !canonical(v) {
			return false
		}
	case msrFMASK, msrTSCAux:
		v &= 0xffffffff
	case msrEFER:
		return c.writeEFER(v)
	case msrAPICBase:
		return c.writeAPICBase(v)
	case msrSysenterCS:
		v &= 0xffff
	case msrDebugCtl:
		v &= debugBTF // branches are not recorded
	}
	if !mtrrOK(n, v) {
		return false
	}
	if _, writable, ok := configRegister(n); ok {
		v &= writable
	}
	if n >= msrX2APICFirst && n <= msrX2APICLast {
		return c.MSR.APICBase&(apicX2|apicEnable) == apicX2|apicEnable && c.Bus.WriteAPICMSR(c.ID, n, v)
	}
	p := c.msr(n)
	if p == nil {
		return false
	}
	if isPerf(n) {
		c.Bus.PerfSync(c.ID)
		*p = v & perfBits
		c.Bus.PerfChanged(c.ID)
		return true
	}
	*p = v
	return true
}

func isPerf(n uint32) bool { return n >= msrPerfEvtSel && n < msrPerfCtr+4 }

// writeEFER writes EFER (APM vol. 2, 3.1.7). LMA is not written.
func (c *CPU) writeEFER(v uint64) bool {
	old := c.MSR.EFER
	if v&^eferKnown != 0 || (v^old)&EFERLME != 0 && c.CR0&CR0PG != 0 {
		return false
	}
	c.MSR.EFER = v&^EFERLMA | old&EFERLMA
	if (v^old)&EFERNXE != 0 {
		c.flushTLB(false)
		c.Resync()
	}
	return true
}

// writeAPICBase moves, enables or disables the local APIC. x2APIC mode is
// entered only from the enabled state and left only by disabling.
func (c *CPU) writeAPICBase(v uint64) bool {
	old := c.MSR.APICBase
	mode, was := v&(apicEnable|apicX2), old&(apicEnable|apicX2)
	switch {
	case v&^(pteAddr|apicBSP|apicX2|apicEnable) != 0, mode == apicX2,
		was == apicEnable|apicX2 && mode == apicEnable,
		was == 0 && mode == apicEnable|apicX2:
		return false
	}
	c.MSR.APICBase = v
	c.Bus.WriteAPICMSR(c.ID, msrAPICBase, old)
	c.Resync()
	return true
}

// tsc returns the time-stamp counter.
func (c *CPU) tsc() uint64 { return c.Bus.TSC(c.ID, c.Clock) + c.TSCBase }

func (c *CPU) execMSR(i *Inst) {
	if c.CPL != 0 {
		c.raiseErr(VecGP, 0)
		return
	}
	n := uint32(c.GPR[RCX])
	if i.Op == OpWRMSR {
		if !c.writeMSR(n, c.GPR[RDX]<<32|c.GPR[RAX]&0xffffffff) {
			c.raiseErr(VecGP, 0)
		}
		return
	}
	v, ok := c.readMSR(n)
	if !ok {
		c.raiseErr(VecGP, 0)
		return
	}
	c.GPR[RAX], c.GPR[RDX] = v&0xffffffff, v>>32
}

// execCounter executes RDTSC, RDTSCP and RDPMC.
func (c *CPU) execCounter(i *Inst) {
	allowed := c.CR4&CR4TSD == 0
	if i.Op == OpRDPMC {
		allowed = c.CR4&CR4PCE != 0
	}
	n := c.GPR[RCX] & 0xffffffff
	if c.CPL != 0 && !allowed || i.Op == OpRDPMC && n > 3 {
		c.raiseErr(VecGP, 0)
		return
	}
	v := uint64(0)
	switch i.Op {
	case OpRDPMC:
		c.Bus.PerfSync(c.ID)
		v = c.MSR.PerfCtr[n]
	case OpRDTSCP:
		c.GPR[RCX] = c.MSR.TSCAux
		v = c.tsc()
	default:
		v = c.tsc()
	}
	c.GPR[RAX], c.GPR[RDX] = v&0xffffffff, v>>32
}
