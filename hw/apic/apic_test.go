package apic

import (
	"testing"

	"resvirt/sim"
)

// board is the wires of a test: it notes what the APIC asks for.
type board struct {
	ipis  []IPI
	timer sim.Time
	nmis  int
	ended []uint8
}

func (b *board) SendIPI(_ int, ipi IPI)      { b.ipis = append(b.ipis, ipi) }
func (b *board) ArmTimer(_ int, at sim.Time) { b.timer = at }
func (b *board) RaiseNMI(int)                { b.nmis++ }

func (b *board) EndOfInterrupt(_ int, vector uint8) { b.ended = append(b.ended, vector) }

// Deadline counts nanoseconds.
func (b *board) Deadline(_ int, now sim.Time, tsc uint64) sim.Time {
	return max(now, sim.Time(tsc)*sim.Nanosecond)
}

// on returns an APIC that software has enabled.
func on(id int) (*APIC, *board) {
	base := uint64(0xfee00000 | BaseEnable)
	b := &board{timer: sim.Never}
	a := New(id, &base, sim.Nanosecond, b)
	a.Write(0, regSVR, svrEnable|0xff)
	return a, b
}

// TestReset checks the values after power-on (APM vol. 2, table 16-2) through
// both interfaces' common registers.
func TestReset(t *testing.T) {
	base := uint64(0xfee00000 | BaseEnable)
	a := New(3, &base, sim.Nanosecond, &board{})
	for reg, want := range map[uint32]uint32{
		regID: 3 << 24, regVersion: 0x50010, regTPR: 0, regPPR: 0, regLDR: 0, regDFR: 0xffffffff, regSVR: 0xff,
		regLVT: 0x10000, regLVT + 0x50: 0x10000, regISR: 0, regIRR + 0x70: 0, regESR: 0, regICRLow: 0, regCurrent: 0, regDivide: 0,
	} {
		if got := a.Read(0, reg); got != want {
			t.Errorf("register %#x is %#x after reset, want %#x", reg, got, want)
		}
	}
}

// TestPriority walks through nested interrupts: 16.6.3 to 16.6.5.
func TestPriority(t *testing.T) {
	a, _ := on(0)
	pending := func(want int) {
		t.Helper()
		v, ok := a.Pending()
		if got := int(v); !ok && want >= 0 || ok && got != want {
			t.Fatalf("pending %d %v, want %d", v, ok, want)
		}
	}
	pending(-1)
	a.Request(0x41, false)
	a.Request(0x52, false)
	a.Request(0x5f, false)
	pending(0x5f)
	a.Acknowledge(0x5f)
	pending(-1) // 52 is of the same class
	if got := a.Read(0, regPPR); got != 0x50 {
		t.Errorf("PPR with 5f in service is %#x", got)
	}
	a.Request(0x61, false)
	pending(0x61)
	a.Acknowledge(0x61)
	a.Write(0, regEOI, 0) // ends 61
	pending(-1)
	a.Write(0, regEOI, 0) // ends 5f
	pending(0x52)
	a.Write(0, regTPR, 0x50)
	pending(-1)
	a.Write(0, regTPR, 0x4f)
	pending(0x52)
	a.Acknowledge(0x52)
	a.Write(0, regEOI, 0)
	pending(-1) // 41 is held back by the task priority
	a.Write(0, regTPR, 0)
	pending(0x41)
	if got := a.Read(0, regIRR+0x20); got != 1<<1 {
		t.Errorf("IRR of 40-5f is %#x", got)
	}
}

// TestRepeatedRequest: a second interrupt of a vector in service waits, a third is lost.
func TestRepeatedRequest(t *testing.T) {
	a, _ := on(0)
	a.Request(0x80, false)
	a.Acknowledge(0x80)
	a.Request(0x80, false)
	a.Request(0x80, false)
	a.Write(0, regEOI, 0)
	if v, ok := a.Pending(); !ok || v != 0x80 {
		t.Fatal("the second request is gone")
	}
	a.Acknowledge(0x80)
	a.Write(0, regEOI, 0)
	if _, ok := a.Pending(); ok {
		t.Error("a third request was kept")
	}
}

// TestSoftwareDisable: 16.4.7.
func TestSoftwareDisable(t *testing.T) {
	a, b := on(0)
	a.Write(0, regLVT+lvtPerf<<4, ModeNMI<<8)
	a.Write(0, regSVR, 0xff)
	if got := a.Read(0, regLVT+lvtPerf<<4); got != lvtMask|ModeNMI<<8 {
		t.Errorf("LVT entry is %#x after disabling", got)
	}
	a.Write(0, regLVT+lvtPerf<<4, ModeNMI<<8)
	a.PerfOverflow()
	a.Request(0x90, false)
	if _, ok := a.Pending(); ok || b.nmis != 0 {
		t.Error("a disabled APIC delivers")
	}
}

// TestPerfNMI: overflow as NMI leaves the entry unmasked, as on AMD.
func TestPerfNMI(t *testing.T) {
	a, b := on(0)
	a.Write(0, regLVT+lvtPerf<<4, ModeNMI<<8)
	a.PerfOverflow()
	a.PerfOverflow()
	if b.nmis != 2 {
		t.Errorf("%d NMIs of two overflows", b.nmis)
	}
	a.Write(0, regLVT+lvtPerf<<4, 0xf8)
	a.PerfOverflow()
	if v, _ := a.Pending(); v != 0xf8 {
		t.Errorf("fixed overflow interrupt gives %#x", v)
	}
}

// TestErrors: 16.4.6. The status shows what gathered up to the last write to it.
func TestErrors(t *testing.T) {
	a, b := on(0)
	a.Write(0, regLVT+lvtError<<4, 0xfe)
	a.Write(0, regICRLow, 0x0f) // an illegal vector is not sent
	if len(b.ipis) != 0 || a.Read(0, regESR) != 0 {
		t.Errorf("sent %v, ESR %#x", b.ipis, a.Read(0, regESR))
	}
	if v, ok := a.Pending(); !ok || v != 0xfe {
		t.Error("no error interrupt")
	}
	a.Request(5, false)
	a.Read(0, 0x410)
	a.Write(0, regESR, 0)
	if got := a.Read(0, regESR); got != esrSentIllegal|esrReceivedIllegal|esrIllegalRegister {
		t.Errorf("ESR %#x", got)
	}
	a.Write(0, regESR, 0)
	if got := a.Read(0, regESR); got != 0 {
		t.Errorf("ESR %#x after clearing", got)
	}
}

func TestX2APIC(t *testing.T) {
	a, b := on(0x23)
	if _, ok := a.ReadMSR(0, 0x802); ok {
		t.Fatal("MSR interface answers before it is on")
	}
	*a.base |= BaseX2
	for msr, want := range map[uint32]uint64{0x802: 0x23, 0x80d: 0x2_0008, 0x803: 0x50010, 0x80f: 0x1ff} {
		if got, ok := a.ReadMSR(0, msr); !ok || got != want {
			t.Errorf("MSR %#x is %#x %v, want %#x", msr, got, ok, want)
		}
	}
	for _, msr := range []uint32{0x80b, 0x80e, 0x831, 0x83f, 0x8ff} {
		if _, ok := a.ReadMSR(0, msr); ok {
			t.Errorf("MSR %#x can be read", msr)
		}
	}
	for msr, v := range map[uint32]uint64{0x802: 1, 0x80b: 1, 0x808: 1 << 32, 0x80a: 0, 0x839: 0, 0x80f: 1 << 12, 0x832: 1 << 20, 0x830: 1 << 12, 0x83e: 4} {
		if a.WriteMSR(0, msr, v) {
			t.Errorf("MSR %#x takes %#x", msr, v)
		}
	}
	if !a.WriteMSR(0, 0x830, 5<<32|0x4041) || !a.WriteMSR(0, 0x83f, 0x77) {
		t.Fatal("cannot send")
	}
	if len(b.ipis) != 2 || b.ipis[0] != (IPI{Vector: 0x41, Wide: true, Dest: 5}) || b.ipis[1].Shorthand != DestSelf {
		t.Errorf("sent %+v", b.ipis)
	}
}

// TestSaveLoad checks that a loaded APIC goes on as the saved one.
func TestSaveLoad(t *testing.T) {
	a, _ := on(1)
	a.Request(0x31, false)
	a.Request(0x99, true)
	a.Acknowledge(0x99)
	a.Write(5, regInitial, 1000)
	var _ sim.Stateful[State] = a
	s := a.Save()
	b, _ := on(1)
	b.Load(s)
	a.Write(9, regEOI, 0)
	b.Write(9, regEOI, 0)
	va, _ := a.Pending()
	vb, _ := b.Pending()
	if a.State != b.State || va != vb || va != 0x31 {
		t.Errorf("saved %+v, loaded %+v", a.State, b.State)
	}
	var h1, h2 sim.Hasher
	a.Hash(&h1)
	b.Hash(&h2)
	if h1.Sum() != h2.Sum() {
		t.Error("digests differ")
	}
}
