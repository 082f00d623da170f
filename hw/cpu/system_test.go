package cpu

import (
	"testing"

	"resvirt/hw/mem"
)

// testBus is a bus with nothing on it but what a test puts there.
type testBus struct {
	vector  int // pending interrupt, -1 if none
	acked   int
	mmio    map[uint64]uint64
	lastOut uint32
	tpr     uint64
}

func (b *testBus) ReadMMIO(_ int, pa uint64, size int) uint64     { return b.mmio[pa] }
func (b *testBus) WriteMMIO(_ int, pa uint64, size int, v uint64) { b.mmio[pa] = v }
func (b *testBus) In(_ int, port uint16, size int) uint32         { return uint32(port) }
func (b *testBus) Out(_ int, port uint16, size int, v uint32)     { b.lastOut = v }
func (b *testBus) ReadAPICMSR(int, uint32) (uint64, bool)         { return 0, false }
func (b *testBus) WriteAPICMSR(int, uint32, uint64) bool          { return false }
func (b *testBus) ReadTPR(int) uint64                             { return b.tpr }
func (b *testBus) WriteTPR(_ int, v uint64)                       { b.tpr = v }
func (b *testBus) Interrupt(int) (uint8, bool)                    { return uint8(b.vector), b.vector >= 0 }
func (b *testBus) Acknowledge(_ int, v uint8)                     { b.acked, b.vector = int(v), -1 }
func (b *testBus) TSC(_ int, clock int64) uint64                  { return uint64(clock / 500) }
func (b *testBus) PerfSync(int)                                   {}
func (b *testBus) PerfChanged(int)                                {}

// Physical layout of the tests' machine; the first 4 MiB are mapped one to one,
// by 4 KiB pages, for the supervisor and writable.
const (
	tPML4  = 0x1000
	tPDPT  = 0x2000
	tPD    = 0x3000
	tPT    = 0x4000 // two of them
	tGDT   = 0x8000
	tIDT   = 0x9000
	tTSS   = 0xa000
	tCode  = 0x10000
	tUser  = 0x20000 // code and data for CPL 3, after userPages
	tStack = 0x40000 // top of the supervisor's stack
	tIST   = 0x50000 // top of IST stack n is tIST + n<<12
	tRSP0  = 0x60000
	tUStk  = 0x70000
	tHand  = 0x80000 // handler of vector n is tHand + n*16

	selCode  = 0x08
	selData  = 0x10
	selUCode = 0x1b
	selUData = 0x23
	selTSS   = 0x28
)

type rig struct {
	*CPU
	t    *testing.T
	bus  *testBus
	fast bool // by the block engine

	prefix bool // near puts 66 before instructions
}

// Step executes one instruction, by the engine of the test.
func (r *rig) Step() {
	if r.fast {
		r.ExecuteBlocks(&Bound{Clock: 1 << 61, Count: 1})
	} else {
		r.CPU.Step()
	}
}

// bothEngines is a test for the stepper and for the block engine.
func bothEngines(t *testing.T, f func(t *testing.T, fast bool)) {
	t.Run("stepper", func(t *testing.T) { f(t, false) })
	t.Run("blocks", func(t *testing.T) { f(t, true) })
}

// newRig returns a processor in 64-bit mode at CPL 0 with GDT, TSS and a full IDT.
func newRig(t *testing.T) *rig {
	t.Helper()
	ram, err := mem.New(8 << 20)
	if err != nil {
		t.Fatal(err)
	}
	b := &testBus{vector: -1, mmio: map[uint64]uint64{}}
	r := &rig{CPU: &CPU{Mem: ram, Bus: b}, t: t, bus: b}
	r.Reset()
	r.Limit = 1 << 62
	ram.Write64(tPML4, tPDPT|7)
	ram.Write64(tPDPT, tPD|7)
	for i := range uint64(2) {
		ram.Write64(tPD+8*i, (tPT+i<<12)|7)
	}
	for i := range uint64(1024) {
		ram.Write64(tPT+8*i, i<<12|3)
	}
	for i, d := range []uint64{0, 0x00209b0000000000, 0x00cf93000000ffff, 0x0020fb0000000000, 0x00cff3000000ffff,
		0x0000890000000067 | tTSS<<16} {
		ram.Write64(tGDT+8*uint64(i), d)
	}
	for n := range uint64(7) {
		ram.Write64(tTSS+0x24+8*n, tIST+(n+1)<<12)
	}
	ram.Write64(tTSS+4, tRSP0)
	for v := range uint64(256) {
		r.gate(v, typeIntGate, 0, 0)
	}
	r.GDTR, r.IDTR = Table{tGDT, 0x37}, Table{tIDT, 0xfff}
	r.TR = Segment{Sel: selTSS, Attr: attrP | typeTSSBusy, Limit: 0x67, Base: tTSS}
	r.CR0 = CR0PG | CR0PE | CR0WP | CR0ET | CR0NE
	r.CR3, r.CR4 = tPML4, CR4PAE|CR4PGE
	r.MSR.EFER = EFERLME | EFERLMA | EFERNXE | EFERSCE
	r.Seg[CS] = segmentOf(selCode, 0x00209b0000000000)
	r.Seg[SS] = segmentOf(selData, 0x00cf93000000ffff)
	r.RIP, r.RFLAGS, r.GPR[RSP] = tCode, FlagOne, tStack
	r.Resync()
	return r
}

// gate writes IDT entry v.
func (r *rig) gate(v, kind, dpl, ist uint64) {
	h := uint64(tHand) + 16*v
	r.Mem.Write64(tIDT+16*v, h&0xffff|selCode<<16|ist<<32|(0x80|dpl<<5|kind)<<40|h>>16<<48)
	r.Mem.Write64(tIDT+16*v+8, 0)
}

// pte replaces the leaf entry of va.
func (r *rig) pte(va, e uint64) { r.Mem.Write64(tPT+va>>12<<3, e) }

// user makes the user's pages accessible and moves the processor to CPL 3.
func (r *rig) user() {
	for _, va := range []uint64{tUser, tUser + 0x1000, tUStk - 0x1000} {
		r.pte(va, va|7)
	}
	r.CPL = 3
	r.Seg[CS] = segmentOf(selUCode, 0x0020fb0000000000)
	r.Seg[SS] = segmentOf(selUData, 0x00cff3000000ffff)
	r.RIP, r.GPR[RSP] = tUser, tUStk
}

// code places instructions at RIP.
func (r *rig) code(b ...byte) { r.Mem.WriteBytes(r.RIP, b) }

// run executes one instruction made of b at RIP.
func (r *rig) run(b ...byte) {
	r.code(b...)
	r.Step()
}

// wantFault checks that vector's handler is about to run, and returns the frame.
func (r *rig) wantFault(vector uint8, err uint64) (frame []uint64) {
	r.t.Helper()
	if want := uint64(tHand) + 16*uint64(vector); r.RIP != want || r.Stop.Kind != StopNone {
		r.t.Fatalf("RIP = %#x (vector %d), stop %+v, want handler of vector %d", r.RIP, int64(r.RIP-tHand)/16, r.Stop, vector)
	}
	n := 5
	if hasErrorCode(vector) {
		n = 6
	}
	for i := range n {
		frame = append(frame, r.Mem.Read64(r.GPR[RSP]+8*uint64(i)))
	}
	if n == 6 {
		if frame[0] != err {
			r.t.Fatalf("vector %d: error code %#x, want %#x", vector, frame[0], err)
		}
		frame = frame[1:]
	}
	return frame
}

func hasErrorCode(v uint8) bool {
	return v == VecDF || v >= VecTS && v <= VecPF || v == VecAC
}

func (r *rig) want(what string, got, want uint64) {
	r.t.Helper()
	if got != want {
		r.t.Errorf("%s = %#x, want %#x", what, got, want)
	}
}
