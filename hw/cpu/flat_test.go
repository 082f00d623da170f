package cpu

import (
	"math/rand/v2"
	"testing"

	"resvirt/hw/mem"
)

// program32 is random protected-mode code that moves between segments, levels and
// modes, with some bytes of anything among it.
func program32(r *rand.Rand) (code []byte) {
	selectors := []uint16{0, lCode, lData, lUCode, lUData, lConform, lDown, lReadOnly, lStack16, lAbsent, lData, lData, lUData}
	for len(code) < 0x200 {
		reg, sel := byte(r.IntN(8)), selectors[r.IntN(len(selectors))]
		seg := []byte{ES, SS, DS, FS, GS}[r.IntN(5)]
		switch r.IntN(14) {
		case 0: // mov ax, sel; mov seg, ax
			code = append(code, 0x66, 0xb8, byte(sel), byte(sel>>8), 0x8e, 0xc0|seg<<3)
		case 1: // mov reg, [address] and back, by any segment
			prefix := []byte{0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x90}[r.IntN(7)]
			code = append(code, prefix, 0x8b|byte(r.IntN(2))<<1-2*byte(r.IntN(2)), 0x05|reg<<3, byte(r.IntN(256)), byte(r.IntN(32)), 0x20, 0)
		case 2:
			code = append(code, 0x50|reg, 0x58|byte(r.IntN(8))&^4)
		case 3:
			code = append(code, 0xcd, 0x40)
		case 4: // far transfers
			code = append(code, far([]byte{farCall, farJump}[r.IntN(2)], []uint16{lGate, lGate16, lCode, lUCode, lConform, lTSS2}[r.IntN(6)], tCode+uint32(r.IntN(0x200)))...)
		case 5: // to level 3 with flat data
			code = append(code, 0x6a, lUData, 0x68, 0, 0, 7, 0, 0x6a, 2, 0x6a, lUCode, 0x68, byte(r.IntN(256)), byte(r.IntN(2)), 1, 0, 0xcf)
		case 6:
			code = append(code, byte(r.IntN(256)), byte(r.IntN(256)))
		case 7: // CR0.WP, paging, breakpoints
			code = append(code, 0x0f, 0x20, 0xc0, 0x0f, 0xba, 0xf8, []byte{16, 31, 18}[r.IntN(3)], 0x0f, 0x22, 0xc0)
		case 12: // stacks of both widths, used twice
			code = append(code, 0xbc, byte(r.IntN(64))<<2, 0x80, byte(r.IntN(4)), 0, 0x6a, []byte{lData, lStack16 - 0x78, lUData}[r.IntN(3)])
			if r.IntN(2) == 0 { // its selector does not fit a signed byte
				code = append(code, 0x83, 0x04, 0x24, 0x78)
			}
			code = append(code, 0x17, 0x50|reg)
		case 13: // enter, leave; flags with TF
			code = append(code, 0xc8, byte(r.IntN(32)), 0, byte(r.IntN(40)), 0x68, byte(r.Uint32()), byte(r.IntN(2)), 0, 0, 0x9d)
		case 8:
			code = append(code, 0xb8, []byte{0, 0, 0, 2}[r.IntN(4)], 4, 1, 0, 0x0f, 0x23, 0xf8)
		default:
			code = append(code, 0x01|byte(r.IntN(4))<<3, 0xc0|reg<<3|byte(r.IntN(4)))
		}
	}
	return code
}

// TestFlatSegmentsAgree runs random protected-mode code in the two ways of the fast
// engine, and by the stepper, which before each step is made to forget what the
// processor remembers of flat segments.
func TestFlatSegmentsAgree(t *testing.T) {
	t.Run("cached", func(t *testing.T) { flatSegmentsAgree(t, 400, 1, (*CPU).ExecuteCached) })
	t.Run("blocks", func(t *testing.T) {
		flatSegmentsAgree(t, 600, 16, func(c *CPU) { c.ExecuteBlocks(&Bound{Clock: 1 << 61, Count: 1 + c.GPR[RBX]&7}) })
	})
}

// flatSegmentsAgree compares both ways now and then, the next time after at most so many
// instructions.
func flatSegmentsAgree(t *testing.T, programs, most int, execute func(c *CPU)) {
	rnd := rand.New(rand.NewPCG(1, 2))
	base := newPagingRig(t)
	for v := range uint64(256) {
		base.gate32(v, lCode, typeIntGate, 3*(v>>6&1))
		base.Mem.WriteBytes(tHand+16*v, []byte{0xbc, 0, 0, 4, 0, 0x66, 0xb8, lData, 0, 0x8e, 0xd8, 0xe9})
		base.Mem.Write32(tHand+16*v+12, tCode-uint32(tHand+16*v+16)+uint32(v))
	}
	base.task2(uint32(FlagOne))
	base.Mem.Write32(tTSS2+tss32CR3, tDir)
	for i := range uint64(1024) { // user pages
		base.Mem.Write32(tTable+4*i, uint32(i<<12|7))
	}
	base.Mem.Write32(tTable+4*0x1e, 0)
	base.Mem.Write32(tTable+4*0x20, 0x20005)
	start, ram := base.State, base.Mem.Snapshot()
	base.Bus = zeroBus{}
	cached := &CPU{Mem: mem.NewFrom(ram), Bus: zeroBus{}, Limit: base.Limit}
	forgetful := func() {
		base.hostGen = 0
		stepObserved(t, base.CPU)
		base.Activity, base.EndTurn = Running, false
	}
	hosted, retired := 0, uint64(0)
	for n := range programs {
		code := program32(rnd)
		both := [2]*CPU{base.CPU, cached}
		for _, c := range both {
			c.Mem.Restore(ram)
			c.State, c.Stop, c.EndTurn, c.exc = start, Stop{}, false, exception{}
			c.Mem.WriteBytes(tCode, code)
			c.Mem.WriteBytes(tTask2, code)
			c.Resync()
		}
		for k := range 200 {
			for done := 0; done < 1+rnd.IntN(most) && cached.Stop.Kind == StopNone; done++ {
				execute(cached)
				cached.Activity, cached.EndTurn = Running, false
				forgetful()
				for base.Retired < cached.Retired {
					forgetful()
				}
				if base.State != cached.State { // the last thing that happened was an exception, which retires nothing
					forgetful()
				}
			}
			if cached.hostGen != 0 {
				hosted++
			}
			if base.State != cached.State || base.Stop != cached.Stop || k%20 == 0 && base.Mem.Digest() != cached.Mem.Digest() {
				a, b := base.State, cached.State
				t.Fatalf("program %d, step %d: registers %x and %x, RIP %#x and %#x, flags %#x and %#x, CR0 %#x and %#x, TLBs equal: %v",
					n, k, a.GPR, b.GPR, a.RIP, b.RIP, a.RFLAGS, b.RFLAGS, a.CR0, b.CR0, a.TLB == b.TLB)
			}
			if base.Stop.Kind != StopNone {
				break
			}
		}
		retired += base.Retired - start.Retired
	}
	t.Logf("%d instructions, %d comparisons with flat segments, %d instructions from blocks", retired, hosted, int64(retired-cached.LongWay()))
	if retired < 20_000 || hosted < 10_000 {
		t.Error("the programs do not do what they are for")
	}
}
