package cpu

import "testing"

// pendingBus has an interrupt pending until it is acknowledged.
type pendingBus struct {
	zeroBus
	vector uint8
	taken  *bool
}

func (b pendingBus) Interrupt(int) (uint8, bool) { return b.vector, b.vector != 0 && !*b.taken }
func (b pendingBus) Acknowledge(int, uint8)      { *b.taken = true }

// TestFlagsInBlocks runs kernel code that lets interrupts in, or changes how
// memory is accessed, to every position on both engines.
func TestFlagsInBlocks(t *testing.T) {
	w := newTwins(t)
	for _, row := range []struct {
		name string
		code []byte
	}{
		{"STI", []byte{0x90, 0xfb, 0xff, 0xc0, 0xff, 0xc0, 0xf4}},
		{"STI twice", []byte{0xfb, 0xfb, 0xff, 0xc0, 0xff, 0xc0, 0xf4}},
		{"STI, NOP, CLI", []byte{0xfb, 0x90, 0xfa, 0xff, 0xc0, 0xf4}},
		{"STI before CLI", []byte{0xfb, 0xfa, 0xff, 0xc0, 0xf4}},
		{"STI before JMP", []byte{0xfb, 0xeb, 0x00, 0xff, 0xc0, 0xf4}},
		{"STI before RDTSC", []byte{0xfb, 0x0f, 0x31, 0xff, 0xc0, 0xf4}},
		{"STI before HLT", []byte{0xfb, 0xf4}},
		{"STI before a load that misses", []byte{0xfb, 0x48, 0x8b, 0x03, 0xff, 0xc0, 0xf4}},
		{"STI before PAUSE", []byte{0xfb, 0xf3, 0x90, 0xff, 0xc0, 0xf4}},
		{"POPF sets IF", []byte{0x9c, 0x81, 0x0c, 0x24, 0, 2, 0, 0, 0x9d, 0xff, 0xc0, 0xff, 0xc0, 0xf4}},
		{"POPF sets TF", []byte{0x9c, 0x81, 0x0c, 0x24, 0, 1, 0, 0, 0x9d, 0xff, 0xc0, 0xff, 0xc0, 0xf4}},
		{"POPF sets AC", []byte{0x9c, 0x81, 0x0c, 0x24, 0, 0, 4, 0, 0x9d, 0x48, 0x8b, 0x03, 0xff, 0xc0, 0xf4}},
		{"STAC, load, CLAC, load", []byte{0x0f, 0x01, 0xcb, 0x48, 0x8b, 0x03, 0x0f, 0x01, 0xca, 0xff, 0xc0, 0x48, 0x8b, 0x03, 0xf4}},
		{"CLTS lets SSE in", []byte{0x0f, 0x57, 0xc1, 0x0f, 0x06, 0x0f, 0x57, 0xc1, 0xf4}},
		{"CLTS before SSE", []byte{0x0f, 0x06, 0x0f, 0x57, 0xc1, 0xff, 0xc0, 0xf4}},
	} {
		for n := uint64(1); n <= 10; n++ {
			for _, vector := range []uint8{0, 0x40} {
				if !w.kernel(row.code, vector, n) {
					t.Errorf("%s: the engines differ at position %d, vector %d pending", row.name, n, vector)
				}
			}
		}
	}
}

// kernel runs code at level 0, with SMAP and TS on, until n instructions have
// retired, and tells whether the twins then agree.
func (w *twins) kernel(code []byte, vector uint8, n uint64) bool {
	for _, c := range []*CPU{w.plain, w.fast} {
		c.Mem.Restore(w.memory)
		c.State = w.clean
		c.Stop, c.exc, c.EndTurn, c.Limit = Stop{}, exception{}, false, 1<<62
		c.Bus = pendingBus{vector: vector, taken: new(bool)}
		c.Mem.WriteBytes(twinCode, code)
		c.CPL, c.RIP, c.RFLAGS = 0, twinCode, FlagOne
		c.Seg[CS] = segmentOf(0x10, c.Mem.Read64(emuGDT+0x10))
		c.Seg[SS] = segmentOf(0x18, c.Mem.Read64(emuGDT+0x18))
		c.GPR[RSP], c.GPR[RBX] = emuStack-0x100, twinData
		c.CR4 |= CR4SMAP
		c.CR0 |= CR0TS
		c.Resync()
	}
	a, b := w.plain, w.fast
	end := a.Retired + n
	for a.Retired < end && a.Activity == Running {
		a.Step()
	}
	for b.Retired < end && b.Activity == Running {
		if !b.DeliverPending() {
			b.ExecuteBlocks(&Bound{Clock: 1 << 62, Count: end - b.Retired})
		}
	}
	return a.State == b.State && a.Mem.Digest() == b.Mem.Digest()
}
