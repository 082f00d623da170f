package cpu

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRepeatedAtOnce runs repeated moves and stores, overlapping or not, into
// the ends of pages and of the turn, on both engines.
func TestRepeatedAtOnce(t *testing.T) {
	t.Run("64", func(t *testing.T) { repeatedAtOnce(t, &dialect64) })
	t.Run("32", func(t *testing.T) { repeatedAtOnce(t, &dialect32) })
}

func repeatedAtOnce(t *testing.T, in *dialect) {
	w := newTwins(t)
	w.in = in
	r, g := rand.New(rand.NewPCG(8, 8)), newNativeGen(8)
	iterations, instructions := uint64(0), uint64(0)
	for range 3000 {
		code := []byte{0xf3, 0x48, 0xa4, 0x90, 0x90, 0x90}
		code[2] = []byte{0xa4, 0xa5, 0xaa, 0xab}[r.IntN(4)] // MOVSB, MOVSQ, STOSB, STOSQ
		code[1] = []byte{0x48, 0x90, 0x67}[r.IntN(3)]
		if code[1] == 0x90 {
			code = slices.Delete(code, 1, 2) // 8 or 32 bits
		}
		code = append([]byte{0x90}, code...) // the first instruction in a page is never the dispatcher's
		w.start(r, g, code)
		limit := w.plain.Clock + r.Int64N(400_000)
		from, to := twinData+r.Uint64N(0x1000), twinData+r.Uint64N(0x1000)
		if r.IntN(2) == 0 {
			to = from + r.Uint64N(64) - 32
		}
		n := r.Uint64N(600)
		for _, c := range []*CPU{w.plain, w.fast} {
			c.RIP, c.Limit = twinCode, limit
			c.GPR[RSI], c.GPR[RDI], c.GPR[RCX] = from, to, n
			c.RFLAGS &^= FlagTF | FlagRF | FlagDF
		}
		if r.IntN(8) == 0 {
			w.plain.RFLAGS |= FlagDF
			w.fast.RFLAGS |= FlagDF
		}
		before := w.fast.RepIterations()
		w.piece(1, 300_000)
		w.piece(1, 300_000)
		iterations += w.fast.RepIterations() - before
		instructions++
	}
	if iterations < 50*instructions || w.plain.RepIterations() != w.fast.RepIterations() {
		t.Errorf("%d iterations in %d instructions; plain counts %d", iterations, instructions, w.plain.RepIterations())
	}
}
