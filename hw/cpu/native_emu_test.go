package cpu

import (
	"testing"

	"resvirt/hw/mem"
	"resvirt/models"
)

// The memory of an emulated test program lies where the native child has it,
// mapped to the same physical addresses. Below it are the supervisor's tables.
const (
	nativeCode = 0x1000_0000
	nativeData = 0x2000_0000
	nativeSize = 0x2000 // of the data
	nativeText = 0x800  // where the code under test begins in its page

	emuPML4, emuPDPT, emuPD     = 0x1000, 0x2000, 0x3000
	emuLowPT, emuCodePT, emuPT3 = 0x4000, 0x5000, 0x6000
	emuGDT, emuIDT, emuTSS      = 0x10000, 0x11000, 0x12000
	emuHandlers, emuStack       = 0x13000, 0x15000 // the stack grows down

	userCS, userSS = 0x33, 0x2b // as Linux has them
	userCS32       = 0x23
	xenCS, xenSS   = 0xe033, 0xe02b // and under Xen, paravirtualized
)

// nativeState is what a test sets before and compares after.
type nativeState struct {
	Compat bool // in 32-bit code; the model only
	GPR    [16]uint64
	RIP    uint64
	RFLAGS uint64
	FX     [512]byte // FXSAVE64 image
	Data   [nativeSize]byte
}

// nativeEnd is how a run ended: the exception that stopped it (the breakpoint
// after the code counts as one), or one of the values below.
type nativeEnd struct {
	nativeState
	Vector int
	Addr   uint64 // of a page fault
	What   string // of an instruction the model does not support
}

const (
	vectorHang        = 100 // neither side reached an exception
	vectorDead        = 101 // the child is gone; the run says nothing
	vectorUnsupported = 102 // Stop of the emulator
	vectorShutdown    = 103
)

// emuCPU is the emulated side.
type emuCPU struct {
	c     *CPU
	clean CPU // state before any test
	step  func(c *CPU)
	last  int // vector that ended the last run
}

// noBus is a bus without devices.
type noBus struct{ Bus }

func (noBus) Interrupt(int) (uint8, bool)             { return 0, false }
func (noBus) IsDevice(uint64) bool                    { return false }
func (noBus) TSC(int, int64) uint64                   { return 0 }
func (noBus) ReadMMIO(int, uint64, int) uint64        { return 0 }
func (noBus) In(_ int, _ uint16, size int) uint32     { return 0 }
func (noBus) Out(_ int, _ uint16, size int, v uint32) {}
func (noBus) WriteMMIO(int, uint64, int, uint64)      {}

// startEmu builds a processor in user mode with page tables, a GDT like
// Linux's, and an IDT whose handlers are told apart by their addresses.
func startEmu(t testing.TB) *emuCPU {
	t.Helper()
	m, err := mem.New(1 << 30)
	if err != nil {
		t.Fatal(err)
	}
	buildTables(m)
	timing := models.DefaultTiming()
	c := &CPU{Mem: m, Bus: noBus{}, Cost: &timing.Cost}
	c.Reset()
	c.CR0 = CR0PE | CR0MP | CR0ET | CR0NE | CR0WP | CR0AM | CR0PG
	c.CR3 = emuPML4
	c.CR4 = CR4PAE | CR4PGE | CR4OSFXSR | CR4OSXMMEXCPT
	c.MSR.EFER = EFERSCE | EFERLME | EFERLMA | EFERNXE
	c.Seg[CS] = segmentOf(userCS, m.Read64(emuGDT+userCS&^7))
	c.Seg[SS] = segmentOf(userSS, m.Read64(emuGDT+userSS&^7))
	for _, s := range []int{DS, ES, FS, GS} {
		c.Seg[s] = Segment{}
	}
	c.GDTR = Table{Base: emuGDT, Limit: 0x7f}
	c.IDTR = Table{Base: emuIDT, Limit: 0xfff}
	c.TR = Segment{Sel: 0x40, Attr: 0x8b, Base: emuTSS, Limit: 0x67}
	c.CPL = 3
	c.RIP = nativeCode + nativeText
	e := &emuCPU{c: c, step: (*CPU).Step}
	e.clean = CPU{State: c.State}
	return e
}

// buildTables writes page tables, descriptors and handlers.
func buildTables(m *mem.Memory) {
	const present, writable, user = 1, 2, 4
	const all = present | writable | user
	const noExecute = 1 << 63
	m.Write64(emuPML4, emuPDPT|all)
	m.Write64(emuPDPT, emuPD|all)
	m.Write64(emuPD, emuLowPT|all)
	m.Write64(emuPD+8*(nativeCode>>21), emuCodePT|all)
	m.Write64(emuPD+8*(nativeData>>21), emuPT3|all)
	for p := uint64(0); p < 0x20; p++ {
		m.Write64(emuLowPT+8*p, p<<12|present|writable)
	}
	m.Write64(emuCodePT, nativeCode|all)
	for p := uint64(0); p < nativeSize>>12; p++ {
		m.Write64(emuPT3+8*p, nativeData+p<<12|all|noExecute)
	}
	m.Write64(emuGDT+0x10, 0x00af9b000000ffff) // kernel code
	m.Write64(emuGDT+0x18, 0x00cf93000000ffff) // kernel data
	m.Write64(emuGDT+0x20, 0x00cffb000000ffff) // user code, 32 bits
	m.Write64(emuGDT+0x28, 0x00cff3000000ffff) // user data
	m.Write64(emuGDT+0x30, 0x00affb000000ffff) // user code, 64 bits
	m.Write64(emuGDT+0x40, 0x0000_8b01_2000_0067)
	m.Write64(emuTSS+4, emuStack) // RSP0
	m.Write16(emuTSS+0x66, 0x68)  // no I/O permissions
	for v := uint64(0); v < 256; v++ {
		at, attr := emuHandlers+v*16, uint64(0x8e00)
		if v == 3 || v == 4 {
			attr = 0xee00 // software may use these
		}
		m.Write64(emuIDT+16*v, at&0xffff|0x10<<16|attr<<32|at>>16<<48)
		m.Write64(emuIDT+16*v+8, at>>32)
		m.Write8(at, 0xf4)
	}
}

// pushesError tells which exceptions push an error code.
func pushesError(v int) bool { return v == 8 || v >= 10 && v <= 14 || v == 17 }

// run executes code from the given state until an exception reaches its handler.
func (e *emuCPU) run(code []byte, in *nativeState) nativeEnd {
	c := e.c
	c.Mem.WriteBytes(nativeCode, codePage(code))
	c.Mem.WriteBytes(nativeData, in.Data[:])
	c.State = e.clean.State
	c.Stop, c.exc, c.EndTurn = Stop{}, exception{}, false
	c.Limit = 1 << 62
	c.GPR, c.RIP, c.RFLAGS = in.GPR, in.RIP, in.RFLAGS
	if in.Compat {
		c.Seg[CS] = segmentOf(userCS32, c.Mem.Read64(emuGDT+userCS32&^7))
		c.Seg[DS], c.Seg[ES] = c.Seg[SS], c.Seg[SS]
	}
	fx := in.FX
	c.FPU.unpack(&fx, true, 16)
	c.Resync()

	var out nativeEnd
	out.Vector = vectorHang
	for range 5000 {
		e.step(c)
		if c.Stop.Kind == StopUnsupported {
			out.Vector, out.What = vectorUnsupported, c.Stop.What
			break
		}
		if c.Stop.Kind == StopShutdown {
			out.Vector = vectorShutdown
			break
		}
		if c.CPL == 0 {
			e.pushed(&out)
			break
		}
	}
	e.collect(&out)
	e.last = out.Vector
	return out
}

// pushed reads what the delivery of an exception pushed.
func (e *emuCPU) pushed(out *nativeEnd) {
	c := e.c
	out.Vector = int(c.RIP-emuHandlers) / 16
	sp := c.GPR[RSP]
	if pushesError(out.Vector) {
		sp += 8
	}
	out.RIP = c.Mem.Read64(sp)
	out.RFLAGS = c.Mem.Read64(sp + 16)
	out.GPR[RSP] = c.Mem.Read64(sp + 24)
	if out.Vector == 14 {
		out.Addr = c.CR2
	}
}

func (e *emuCPU) collect(out *nativeEnd) {
	c := e.c
	sp := out.GPR[RSP]
	out.GPR = c.GPR
	if out.Vector < 32 {
		out.GPR[RSP] = sp
	} else {
		out.RIP, out.RFLAGS = c.RIP, c.RFLAGS
	}
	c.FPU.pack(&out.FX, true)
	c.Mem.ReadBytes(nativeData, out.Data[:])
}

// codePage is a page of breakpoints with code in its middle.
func codePage(code []byte) []byte {
	page := make([]byte, 0x1000)
	for i := range page {
		page[i] = 0xcc
	}
	copy(page[nativeText:], code)
	return page
}
