package cpu

// Values after reset (APM vol. 2, 14.1.3).
const (
	resetPAT      = 0x0007040600070406
	resetAPICBase = 0xfee00000
)

// Reset puts the processor into its power-on state; processor 0 is the boot
// processor. Clock and the counts of retired instructions go on.
func (c *CPU) Reset() {
	old := &c.State
	c.State = State{Clock: old.Clock, Retired: old.Retired, RetiredAt: old.RetiredAt, Random: old.Random}
	c.CR0 = CR0CD | CR0NW | CR0ET
	c.XCR0 = xcr0X87
	c.FPU.FCW, c.FPU.FTW, c.FPU.MXCSR = 0x40, 0xff, 0x1f80
	c.MSR.PAT = resetPAT
	c.MSR.APICBase = resetAPICBase | apicEnable
	if c.ID == 0 {
		c.MSR.APICBase |= apicBSP
	}
	c.initState()
}

// Init puts the processor into its state after INIT: the floating-point
// registers, the MSRs, the cache bits of CR0 and the TSC stay. The boot
// processor restarts, others wait for a start-up IPI.
func (c *CPU) Init() {
	c.initState()
	c.Activity = Running
	if c.MSR.APICBase&apicBSP == 0 {
		c.Activity = WaitSIPI
	}
}

// initState sets what reset and INIT have in common.
func (c *CPU) initState() {
	c.GPR = [16]uint64{RDX: cpuSignature}
	c.RIP, c.RFLAGS = 0xfff0, FlagOne
	for i := range c.Seg {
		c.Seg[i] = Segment{Attr: attrRealMode, Limit: 0xffff}
	}
	c.Seg[CS] = Segment{Sel: 0xf000, Base: 0xffff0000, Attr: 0x9b, Limit: 0xffff}
	c.LDTR = Segment{Attr: attrP | typeLDT, Limit: 0xffff}
	c.TR = Segment{Attr: attrP | 0x3, Limit: 0xffff}
	c.GDTR, c.IDTR = Table{Limit: 0xffff}, Table{Limit: 0xffff}
	c.CPL = 0
	c.CR0 = c.CR0&(CR0CD|CR0NW) | CR0ET
	c.CR2, c.CR3, c.CR4, c.CR8 = 0, 0, 0, 0
	c.DR = [8]uint64{6: dr6One, 7: dr7One}
	c.MSR.EFER = 0
	c.Activity = Running
	c.NMIPending, c.NMIBlocked, c.IntShadow = false, false, false
	c.Monitor = Monitor{}
	c.PDPTE, c.HeldDebug, c.MSR.DebugCtl = [4]uint64{}, 0, 0
	c.exc = exception{}
	c.TLB = TLB{}
	c.Resync()
	c.loadedCR3()
}

// Startup answers a start-up IPI: execution begins in real mode at vector<<12.
func (c *CPU) Startup(vector uint8) {
	if c.Activity != WaitSIPI {
		return
	}
	c.Seg[CS].Sel = uint16(vector) << 8
	c.Seg[CS].Base = uint64(vector) << 12
	c.RIP = 0
	c.Activity = Running
}

// StartMultiboot makes the processor run 32-bit code in flat segments, as a
// Multiboot loader leaves it (Multiboot specification 0.6.96, 3.2).
func (c *CPU) StartMultiboot(entry uint64, eax, ebx uint32) {
	c.Reset()
	for i := range c.Seg {
		c.Seg[i] = Segment{Sel: 0x10, Attr: attrFlatData, Limit: 0xffffffff}
	}
	c.Seg[CS] = Segment{Sel: 0x08, Attr: attrFlatCode | attrD, Limit: 0xffffffff}
	c.CR0 = CR0PE | CR0ET
	c.RIP = entry
	c.GPR[RAX], c.GPR[RBX] = uint64(eax), uint64(ebx)
	c.Resync()
}
