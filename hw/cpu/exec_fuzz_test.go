package cpu

import (
	"math/rand/v2"
	"testing"
)

// TestNoPanic executes random bytes at privilege level 0 from random states in
// every mode. Nothing that a guest executes may panic the host.
func TestNoPanic(t *testing.T) {
	e := startEmu(t)
	e.c.Bus = zeroBus{}
	r := rand.New(rand.NewPCG(7, 11))
	n := 20000
	if testing.Short() {
		n = 2000
	}
	var retired uint64
	memory := e.c.Mem.Snapshot() // random code damages page tables and descriptors
	for range n {
		c := e.c
		c.Mem.Restore(memory)
		c.State = e.clean.State
		c.Stop, c.exc, c.EndTurn = Stop{}, exception{}, false
		c.CPL = 0
		if r.IntN(8) != 0 {
			c.CR4 &^= CR4SMEP | CR4SMAP // the pages of the code are the user's
		}
		c.Seg[CS] = segmentOf(0x10, c.Mem.Read64(emuGDT+0x10))
		c.Seg[SS] = segmentOf(0x18, c.Mem.Read64(emuGDT+0x18))
		switch r.IntN(4) {
		case 0: // compatibility mode
			c.Seg[CS].Attr = c.Seg[CS].Attr&^attrL | attrD
		case 1: // real mode
			c.CR0, c.CR4, c.MSR.EFER = CR0ET, 0, 0
		}
		for k := range c.GPR {
			c.GPR[k] = interesting(r)
		}
		c.RFLAGS = r.Uint64()&0x3f7fd7 | FlagOne
		c.RIP = nativeCode + nativeText
		if c.CR0&CR0PE == 0 {
			c.RIP = 0x800
		}
		var code [64]byte
		for k := range code {
			code[k] = byte(r.Uint32())
		}
		opcodeStart(r, code[:])
		c.Mem.WriteBytes(c.RIP, code[:])
		c.Limit = 10_000_000
		c.Resync()
		for k := 0; k < 30 && c.Stop.Kind == StopNone; k++ {
			e.step(c)
		}
		retired += c.Retired - e.clean.Retired
	}
	if retired < uint64(n) {
		t.Errorf("only %d instructions retired in %d runs", retired, n)
	}
}

// opcodeStart leads half of the code into the longer opcode maps.
func opcodeStart(r *rand.Rand, code []byte) {
	leads := []string{"\x0f", "\x0f", "\x0f\xae", "\x0f\x01", "\x66\x0f", "\x0f\x38", "\x66\x0f\x38", "\x66\x0f\x3a", "\xc4\xe2"}
	if r.IntN(2) == 0 {
		copy(code, leads[r.IntN(len(leads))])
	}
}

// interesting draws an address that is mapped, a boundary value, or anything.
func interesting(r *rand.Rand) uint64 {
	switch r.IntN(4) {
	case 0:
		return nativeData + r.Uint64N(nativeSize+64) - 32
	case 1:
		return r.Uint64N(64)
	case 2:
		return uint64(int64(-1) << r.UintN(64))
	}
	return r.Uint64()
}

// zeroBus answers everything with zero.
type zeroBus struct{ noBus }

func (zeroBus) ReadAPICMSR(int, uint32) (uint64, bool) { return 0, true }
func (zeroBus) WriteAPICMSR(int, uint32, uint64) bool  { return true }
func (zeroBus) ReadTPR(int) uint64                     { return 0 }
func (zeroBus) WriteTPR(int, uint64)                   {}
func (zeroBus) Acknowledge(int, uint8)                 {}
func (zeroBus) PerfChanged(int)                        {}
func (zeroBus) PerfSync(int)                           {}
